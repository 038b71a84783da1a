import { createHash } from 'node:crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { CustodyError } from '../errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const PREFIX = 'TREUHAND-SHARE-1-'
const MAX_TEXT = 4096

/**
 * A share as text: a prefix and Base32 (RFC 4648 section 6, no padding), which a QR code holds densely and
 * a person can type.
 */
export function shareText(envelope: Uint8Array): string {
  return PREFIX + base32(envelope)
}

/**
 * Reads a share's text as it was scanned or typed: case, spaces and line breaks do not matter.
 * @throws CustodyError `Malformed`
 */
export function readShareText(text: string): Buffer {
  const plain = text.slice(0, MAX_TEXT).toUpperCase().replaceAll(/\s/g, '')
  if (!plain.startsWith(PREFIX))
    throw new CustodyError(
      'Malformed',
      `a share begins with ${PREFIX}: type the text of the sheet from its beginning`,
    )
  return fromBase32(plain.slice(PREFIX.length))
}

/**
 * Four words of the BIP-39 list from the first 44 bits of SHA-256(`treuhand/check-words/v1` ‖ 0 ‖ envelope):
 * a tired person compares them, where a machine compares the check.
 */
export function checkWords(envelope: Uint8Array): string[] {
  const hash = createHash('sha256').update('treuhand/check-words/v1\0').update(envelope).digest()
  const bits = hash.readBigUInt64BE(0)
  return [53n, 42n, 31n, 20n].map(shift => wordlist[Number((bits >> shift) & 0x7ffn)]!)
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31]
    held &= 0xff
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0)
      throw new CustodyError('Malformed', 'a share is written in the letters A to Z and the digits 2 to 7')
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  if (bits >= 5 || (held & ((1 << bits) - 1)) !== 0)
    throw new CustodyError('Malformed', 'the end of the share is missing: read it again')
  return Buffer.from(bytes)
}
