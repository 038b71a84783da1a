import { type AeadEngine, expectLength, KEY_BYTES, TAG_BYTES } from './aead.ts'
import { DoesNotOpen } from './errors.ts'

export const XAES_NONCE = 24
/** What a sealed message is longer than its plaintext, the nonce not counted. */
export const XAES_TAG = TAG_BYTES

/**
 * XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM with a 192-bit nonce, which may be drawn at random for
 * any number of messages. One key, whose share of the derivation is worked out once.
 */
export class Xaes {
  readonly engine: AeadEngine
  readonly #key: Uint8Array
  readonly #k1: Uint8Array

  /** @param key 32 bytes; they are copied */
  constructor(engine: AeadEngine, key: Uint8Array) {
    expectLength('XAES key', key, KEY_BYTES)
    this.engine = engine
    // Outside of the heap that the runtime tidies: what it moves leaves a copy that nobody overwrites.
    this.#key = new Uint8Array(new ArrayBuffer(KEY_BYTES))
    this.#key.set(key)
    this.#k1 = doubled(engine.blocks(this.#key, ZERO_BLOCK))
  }

  /**
   * @param nonce 24 random bytes
   * @returns ciphertext followed by the tag, in memory of its own
   */
  seal(nonce: Uint8Array, plaintext: Uint8Array, data: Uint8Array): Uint8Array {
    const sealed = Buffer.allocUnsafe(plaintext.length + TAG_BYTES)
    this.engine.seal(this.#derive(nonce), nonce.subarray(12), plaintext, sealed, data)
    return sealed
  }

  /**
   * @param sealed ciphertext followed by the tag; left as it is
   * @throws DoesNotOpen
   */
  open(nonce: Uint8Array, sealed: Uint8Array, data: Uint8Array): Uint8Array {
    if (sealed.length < TAG_BYTES) throw new DoesNotOpen()
    const plaintext = Buffer.allocUnsafe(sealed.length - TAG_BYTES)
    this.engine.open(this.#derive(nonce), nonce.subarray(12), sealed, plaintext, data)
    return plaintext
  }

  /** Overwrites the key. What is sealed or opened afterwards comes out wrong. */
  wipe(): void {
    this.#key.fill(0)
    this.#k1.fill(0)
  }

  /** Steps 3 to 5 of the specification: two blocks of CMAC in counter mode. */
  #derive(nonce: Uint8Array): Uint8Array {
    expectLength('XAES nonce', nonce, XAES_NONCE)
    const messages = Buffer.alloc(32)
    for (let half = 0; half < 2; half++) {
      const start = 16 * half
      messages[start + 1] = half + 1
      messages[start + 2] = 0x58
      messages.set(nonce.subarray(0, 12), start + 4)
      for (let i = 0; i < 16; i++) messages[start + i]! ^= this.#k1[i]!
    }
    return this.engine.blocks(this.#key, messages)
  }
}

const ZERO_BLOCK = new Uint8Array(16)

/** Multiplies by x in GF(2^128), as CMAC's first subkey is made (NIST SP 800-38B, 6.1). */
function doubled(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(16)
  for (let i = 0; i < 16; i++) out[i] = (block[i]! << 1) | ((block[i + 1] ?? 0) >> 7)
  if (block[0]! & 0x80) out[15]! ^= 0x87
  return out
}
