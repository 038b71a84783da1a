/**
 * What the format needs of OpenSSL: AES-256-GCM (NIST SP 800-38D; 96-bit nonce, 128-bit tag) over a whole
 * message at once; and for the derivation of keys, the bare block cipher of XAES and the HMAC of HKDF. An
 * engine holds no key between two calls, so nothing has to be closed and streams may take turns on it.
 */
export interface AeadEngine {
  readonly name: 'node' | 'evp'

  /**
   * Seals one message.
   * @param key 32 bytes
   * @param nonce 12 bytes, never used twice with this key
   * @param plaintext any length, on an ArrayBuffer that is neither shared nor resizable
   * @param into for the ciphertext and the tag behind it: 16 bytes more than the plaintext has, and memory of the
   *   same kind. It begins where the plaintext does, which it then overwrites, or touches none of it
   * @param data additional data, authenticated but not sealed
   */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, into: Uint8Array, data?: Uint8Array): void

  /**
   * Opens one message. If this throws, `into` holds zeros or what it held before, never unverified plaintext.
   * @param sealed the ciphertext and the tag behind it
   * @param into for the plaintext: 16 bytes less than `sealed` has. It begins where that does, or touches none of it
   * @throws DoesNotOpen
   */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, into: Uint8Array, data?: Uint8Array): void

  /** Enciphers up to 16 whole blocks of 16 bytes with bare AES-256, each for itself (FIPS 197). For key derivation only. */
  blocks(key: Uint8Array, blocks: Uint8Array): Uint8Array

  /**
   * HMAC-SHA-256 (RFC 2104). For key derivation only.
   * @param key 64 bytes at most: a longer one would be hashed first, and no key here is
   * @param message 1,024 bytes at most
   * @returns 32 bytes
   */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array
}

export const KEY_BYTES = 32
export const NONCE_BYTES = 12
export const TAG_BYTES = 16
/** A block of SHA-256, to which HMAC fills its key up. */
export const MAX_HMAC_KEY = 64
export const MAX_HMAC_MESSAGE = 1024

/** @throws TypeError naming both lengths. The bytes are never shown. */
export function expectLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new TypeError(`${what}: expected ${length} bytes, got ${bytes.length}`)
}

/** @throws TypeError */
export function expectShort(what: string, bytes: Uint8Array, limit: number): void {
  if (bytes.length > limit)
    throw new TypeError(`${what}: expected ${limit} bytes at most, got ${bytes.length}`)
}

/** @throws TypeError where a sealed message is not a tag longer than its plaintext */
export function expectTagged(plaintext: Uint8Array, sealed: Uint8Array): void {
  expectLength('sealed message', sealed, plaintext.length + TAG_BYTES)
}

export function expectBlocks(blocks: Uint8Array): void {
  if (blocks.length % 16 !== 0)
    throw new TypeError(`AES: expected whole blocks of 16, got ${blocks.length} bytes`)
}
