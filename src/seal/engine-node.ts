import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import {
  type AeadEngine,
  expectBlocks,
  expectLength,
  expectShort,
  expectTagged,
  KEY_BYTES,
  MAX_HMAC_KEY,
  MAX_HMAC_MESSAGE,
  NONCE_BYTES,
  TAG_BYTES,
} from './aead.ts'
import { DoesNotOpen } from './errors.ts'

/**
 * AES by node:crypto: always there. It sets up a cipher for every message and allocates every output, which is
 * copied to where it is wanted and given back at once: left to the garbage collector, outputs of 64 KiB made it
 * mark the whole heap over and over, at more than the ciphers cost.
 */
export const nodeEngine: AeadEngine = {
  name: 'node',

  seal(key, nonce, plaintext, into, data) {
    expectLength('AEAD key', key, KEY_BYTES)
    expectLength('AEAD nonce', nonce, NONCE_BYTES)
    expectTagged(plaintext, into)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    if (data !== undefined) cipher.setAAD(data)
    const output = cipher.update(plaintext)
    cipher.final()
    into.set(output)
    into.set(cipher.getAuthTag(), output.length)
    giveBack(output)
  },

  open(key, nonce, sealed, into, data) {
    expectLength('AEAD key', key, KEY_BYTES)
    expectLength('AEAD nonce', nonce, NONCE_BYTES)
    expectTagged(into, sealed)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    if (data !== undefined) decipher.setAAD(data)
    decipher.setAuthTag(sealed.subarray(into.length))
    const output = decipher.update(sealed.subarray(0, into.length))
    try {
      decipher.final()
      into.set(output)
    } catch {
      output.fill(0)
      throw new DoesNotOpen()
    } finally {
      giveBack(output)
    }
  },

  blocks(key, blocks) {
    expectLength('AES key', key, KEY_BYTES)
    expectBlocks(blocks)
    return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(blocks)
  },

  hmac(key, message) {
    expectShort('HMAC key', key, MAX_HMAC_KEY)
    expectShort('HMAC message', message, MAX_HMAC_MESSAGE)
    return createHmac('sha256', key).update(message).digest()
  },
}

/** Frees memory that nobody sees any more. Small outputs may share theirs. */
function giveBack(output: Buffer<ArrayBuffer>): void {
  if (output.length > 0 && output.length === output.buffer.byteLength) output.buffer.transfer(0)
}
