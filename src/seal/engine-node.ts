import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type AeadEngine, expectBlocks, expectLength, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './aead.ts'
import { DoesNotOpen } from './errors.ts'

/** AES by node:crypto: always there. It allocates every output, and sets up a cipher for every message. */
export const nodeEngine: AeadEngine = {
  name: 'node',

  seal(key, nonce, plaintext, data) {
    expectLength('AEAD key', key, KEY_BYTES)
    expectLength('AEAD nonce', nonce, NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    if (data !== undefined) cipher.setAAD(data)
    const ciphertext = cipher.update(plaintext)
    cipher.final()
    return { ciphertext, tag: cipher.getAuthTag() }
  },

  open(key, nonce, ciphertext, tag, data) {
    expectLength('AEAD key', key, KEY_BYTES)
    expectLength('AEAD nonce', nonce, NONCE_BYTES)
    expectLength('AEAD tag', tag, TAG_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    if (data !== undefined) decipher.setAAD(data)
    decipher.setAuthTag(tag)
    const plaintext = decipher.update(ciphertext)
    try {
      decipher.final()
    } catch {
      plaintext.fill(0)
      throw new DoesNotOpen()
    }
    return plaintext
  },

  blocks(key, blocks) {
    expectLength('AES key', key, KEY_BYTES)
    expectBlocks(blocks)
    return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(blocks)
  },
}
