/**
 * AES-256 as the format needs it: AES-256-GCM (NIST SP 800-38D; 96-bit nonce, 128-bit tag) over a whole
 * message at once, and the bare block cipher for the key derivation of XAES. An engine holds no key between
 * two calls, so nothing has to be closed and streams may take turns on it.
 */
export interface AeadEngine {
  readonly name: 'node' | 'evp'

  /**
   * Seals one message.
   * @param key 32 bytes
   * @param nonce 12 bytes, never used twice with this key
   * @param plaintext any length, on an ArrayBuffer that is neither shared nor resizable. Its bytes may be
   *   overwritten: the ciphertext may stand in its place
   * @param data additional data, authenticated but not sealed
   */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, data?: Uint8Array): SealedMessage

  /**
   * Opens one message. Its plaintext may stand in the ciphertext's place, which holds zeros or the
   * ciphertext, never unverified plaintext, if this throws.
   * @param tag 16 bytes
   * @throws DoesNotOpen
   */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Uint8Array,
    tag: Uint8Array,
    data?: Uint8Array,
  ): Uint8Array

  /** Enciphers up to 16 whole blocks of 16 bytes with bare AES-256, each for itself (FIPS 197). For key derivation only. */
  blocks(key: Uint8Array, blocks: Uint8Array): Uint8Array
}

/** A sealed message in two pieces, to be sent one after the other. */
interface SealedMessage {
  readonly ciphertext: Uint8Array
  /** 16 bytes. */
  readonly tag: Uint8Array
}

export const KEY_BYTES = 32
export const NONCE_BYTES = 12
export const TAG_BYTES = 16

/** @throws TypeError naming both lengths. The bytes are never shown. */
export function expectLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new TypeError(`${what}: expected ${length} bytes, got ${bytes.length}`)
}

export function expectBlocks(blocks: Uint8Array): void {
  if (blocks.length % 16 !== 0)
    throw new TypeError(`AES: expected whole blocks of 16, got ${blocks.length} bytes`)
}
