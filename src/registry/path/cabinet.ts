import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const NONCE = 12
const TAG = 16

/**
 * Seals what the path store must not show: secrets of access keys, digests of plaintext. The key lives outside
 * the database, so that a copy of the database, its backup or its server does not give them.
 *
 * AES-256-GCM under one HKDF-SHA-256 subkey a kind of row, random 96-bit nonces (NIST SP 800-38D 8.3: at most
 * 2^32 a key, which is far above the rows of a kind). The context is the row's own name, so that no value opens
 * in another row.
 */
export class Cabinet {
  readonly #key: Buffer

  /** @param key 32 bytes, for the path store of one installation and nothing else */
  constructor(key: Uint8Array, kind: 'access-key' | 'part' | 'upload') {
    if (key.length !== 32) throw new RangeError(`the path store's key must have 32 bytes, got ${key.length}`)
    this.#key = Buffer.from(hkdfSync('sha256', key, '', `treuhand path store v1 ${kind}`, 32))
  }

  /** nonce ‖ ciphertext ‖ tag */
  seal(context: readonly string[], value: string): Uint8Array {
    const nonce = randomBytes(NONCE)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(encode(context))
    return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws Error when the row was changed, moved, or sealed under another key */
  open(context: readonly string[], sealed: Uint8Array): string {
    const nonce = sealed.subarray(0, NONCE)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG })
      .setAAD(encode(context))
      .setAuthTag(sealed.subarray(sealed.length - TAG))
    const opened = decipher.update(sealed.subarray(NONCE, sealed.length - TAG))
    return Buffer.concat([opened, decipher.final()]).toString('utf8')
  }
}

const encode = (context: readonly string[]) => Buffer.from(JSON.stringify(context))
