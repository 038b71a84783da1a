import { type AeadEngine, expectLength, KEY_BYTES } from './aead.ts'
import { hkdf } from './hkdf.ts'
import { LABEL } from './suite.ts'
import { Xaes } from './xaes.ts'

const KEY_ID_BYTES = 16

/**
 * The key that wraps DEKs: a group key, or what it gives together with the customer's half. It carries the
 * group key's id, so that an envelope can never name another key than the one that wrapped it.
 */
export class WrappingKey {
  readonly engine: AeadEngine
  /** 16 bytes. */
  readonly groupKeyId: Uint8Array
  readonly #xaes: Xaes

  private constructor(engine: AeadEngine, groupKeyId: Uint8Array, key: Uint8Array) {
    expectLength('group-key id', groupKeyId, KEY_ID_BYTES)
    this.engine = engine
    this.groupKeyId = new Uint8Array(groupKeyId)
    this.#xaes = new Xaes(engine, key)
  }

  /**
   * The group key itself.
   * @param groupKeyId 16 bytes
   * @param groupKey 32 bytes; they are copied
   */
  static whole(engine: AeadEngine, groupKeyId: Uint8Array, groupKey: Uint8Array): WrappingKey {
    return new WrappingKey(engine, groupKeyId, groupKey)
  }

  /**
   * For a split tenant: HKDF of the leased group key and the customer's half, so that neither opens alone.
   * @param customerHalf 32 bytes; they never leave the customer
   */
  static split(
    engine: AeadEngine,
    groupKeyId: Uint8Array,
    groupKey: Uint8Array,
    customerHalf: Uint8Array,
  ): WrappingKey {
    expectLength('group key', groupKey, KEY_BYTES)
    expectLength("customer's half", customerHalf, KEY_BYTES)
    const both = Buffer.concat([groupKey, customerHalf])
    const info = Buffer.concat([LABEL.split, groupKeyId])
    const key = hkdf(engine, both, new Uint8Array(0), info)
    const made = new WrappingKey(engine, groupKeyId, key)
    both.fill(0)
    key.fill(0)
    return made
  }

  /**
   * @param nonce 24 random bytes
   * @param dek 32 bytes
   * @returns 48 bytes
   */
  wrap(nonce: Uint8Array, dek: Uint8Array, data: Uint8Array): Uint8Array {
    return this.#xaes.seal(nonce, dek, data)
  }

  /** @throws DoesNotOpen */
  unwrap(nonce: Uint8Array, wrapped: Uint8Array, data: Uint8Array): Uint8Array {
    return this.#xaes.open(nonce, wrapped, data)
  }

  /** Overwrites the key, when its lease has ended. */
  wipe(): void {
    this.#xaes.wipe()
  }
}
