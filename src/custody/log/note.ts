import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { CustodyError } from '../errors.ts'

/**
 * Signed notes (c2sp.org/signed-note): a text that ends in a newline, an empty line, and signature lines.
 * Two kinds of key are known: 0x01 signs the text itself, 0x04 is a witness's cosignature/v1.
 */
export type KeyType = 0x01 | 0x04

export interface Verifier {
  readonly name: string
  /** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key). */
  readonly id: number
  readonly type: KeyType
  readonly key: KeyObject
}

export interface Signer extends Verifier {
  readonly privateKey: KeyObject
}

export interface Signature {
  readonly name: string
  readonly id: number
  /** What stands behind the key id. */
  readonly bytes: Buffer
}

export interface Note {
  /** With its last newline. */
  readonly text: string
  readonly signatures: readonly Signature[]
}

const MAX_NOTE = 65_536
const MAX_SIGNATURES = 64
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @param seed 32 bytes, the private key of RFC 8032 */
export function signer(name: string, type: KeyType, seed: Uint8Array): Signer {
  const der = Buffer.concat([PKCS8_ED25519, seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return signerOf(name, type, privateKey)
}

/** A signer from an Ed25519 key that is already a handle. */
export function signerOf(name: string, type: KeyType, privateKey: KeyObject): Signer {
  return { ...verifierOf(name, type, publicBytes(createPublicKey(privateKey))), privateKey }
}

/** @param publicKey 32 bytes */
export function verifierOf(name: string, type: KeyType, publicKey: Uint8Array): Verifier {
  if (!isKeyName(name)) throw new CustodyError('Malformed', 'a key name holds no spaces and no plus sign')
  if (publicKey.length !== 32)
    throw new CustodyError('Malformed', `an Ed25519 public key has 32 bytes, not ${publicKey.length}`)
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: 'der', type: 'spki' })
  return { name, id: keyId(name, type, publicKey), type, key }
}

function keyId(name: string, type: KeyType, publicKey: Uint8Array): number {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(type))
    .update(publicKey)
    .digest()
    .readUInt32BE(0)
}

const publicBytes = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(-32)
const isKeyName = (name: string): boolean => /^[^\s+\p{Z}\p{Cc}]+$/u.test(name)

/** `name+hex id+base64 of type and public key`, by which a log or witness is named in configuration. */
export function verifierKey(verifier: Verifier): string {
  const material = Buffer.concat([Uint8Array.of(verifier.type), publicBytes(verifier.key)])
  return `${verifier.name}+${hex(verifier.id)}+${material.toString('base64')}`
}

/** @throws CustodyError `Malformed` */
export function readVerifierKey(text: string): Verifier {
  const [, name, id, base64] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text) ?? []
  const material = Buffer.from(base64 ?? '', 'base64')
  const type = material[0]
  if (!name || (type !== 0x01 && type !== 0x04) || material.toString('base64') !== base64)
    throw new CustodyError('Malformed', 'a verifier key reads name+id+base64, of type 1 or 4')
  const verifier = verifierOf(name, type, material.subarray(1))
  if (hex(verifier.id) !== id)
    throw new CustodyError('Malformed', `the key id ${id} is not that of the key of ${name}`)
  return verifier
}

const hex = (id: number): string => id.toString(16).padStart(8, '0')

/** Signs a text with a key of type 0x01. */
export function signText(text: string, signer: Signer): Signature {
  if (signer.type !== 0x01) throw new TypeError('a witness key signs checkpoints by cosignature only')
  assertText(text)
  return { name: signer.name, id: signer.id, bytes: sign(null, Buffer.from(text), signer.privateKey) }
}

/** @returns whether the key of type 0x01 signed the text */
export function verifyText(text: string, signature: Signature, verifier: Verifier): boolean {
  return verifier.type === 0x01 && verify(null, Buffer.from(text), verifier.key, signature.bytes)
}

export function isBy(signature: Signature, verifier: Verifier): boolean {
  return signature.name === verifier.name && signature.id === verifier.id
}

export function writeNote(note: Note): string {
  assertText(note.text)
  return `${note.text}\n${note.signatures.map(signatureLine).join('')}`
}

export function signatureLine(signature: Signature): string {
  const id = Buffer.alloc(4)
  id.writeUInt32BE(signature.id)
  return `\u2014 ${signature.name} ${Buffer.concat([id, signature.bytes]).toString('base64')}\n`
}

/**
 * Takes a note apart; verifies nothing.
 * @param most bytes or characters that it may have
 * @throws CustodyError `Malformed`, `TooLarge`
 */
export function readNote(bytes: Uint8Array | string, most = MAX_NOTE): Note {
  if (bytes.length > most) throw new CustodyError('TooLarge', `a note holds at most ${most} characters`)
  const text = typeof bytes === 'string' ? bytes : decode(bytes)
  const split = text.lastIndexOf('\n\n')
  if (split < 0) throw new CustodyError('Malformed', 'a note has an empty line before its signatures')
  const body = text.slice(0, split + 1)
  assertText(body)
  return { text: body, signatures: readSignatureLines(text.slice(split + 2)) }
}

/** @throws CustodyError `Malformed` */
export function readSignatureLines(text: string): Signature[] {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw new CustodyError('Malformed', `a note ends with 1 to ${MAX_SIGNATURES} signature lines`)
  return lines.map(line => {
    const [, name, base64] = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
    const bytes = Buffer.from(base64 ?? '', 'base64')
    if (!name || !isKeyName(name) || bytes.length < 5 || bytes.toString('base64') !== base64)
      throw new CustodyError('Malformed', 'a signature line reads: dash, key name, base64')
    return { name, id: bytes.readUInt32BE(0), bytes: bytes.subarray(4) }
  })
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CustodyError('Malformed', 'a note is UTF-8')
  }
}

function assertText(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids just these
  if (!text.endsWith('\n') || !text.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(text))
    throw new CustodyError(
      'Malformed',
      'the text of a note ends in a newline and holds no other control characters',
    )
}
