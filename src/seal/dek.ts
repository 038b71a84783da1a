import { timingSafeEqual } from 'node:crypto'
import { type AeadEngine, expectLength } from './aead.ts'
import { DoesNotOpen } from './errors.ts'
import { hkdfExpand } from './hkdf.ts'
import { DEK_BYTES, LABEL } from './suite.ts'
import type { WrappingKey } from './wrapping-key.ts'
import { Xaes } from './xaes.ts'

/**
 * The data-encryption key of one object or upload, and what is derived from it: a subkey for each purpose,
 * made when first asked for. Its bytes leave it only wrapped.
 */
export class Dek {
  readonly engine: AeadEngine
  readonly #bytes: Uint8Array
  #metadata: Xaes | undefined
  #table: Xaes | undefined
  #summary: Xaes | undefined
  #part: Uint8Array | undefined

  /** @param bytes 32 random bytes, never used for another object; they are copied */
  constructor(engine: AeadEngine, bytes: Uint8Array) {
    expectLength('DEK', bytes, DEK_BYTES)
    this.engine = engine
    this.#bytes = new Uint8Array(bytes)
  }

  /**
   * @param bytes what was unwrapped; overwritten here
   * @throws DoesNotOpen if the DEK is not the one committed to
   */
  static committed(engine: AeadEngine, bytes: Uint8Array, commitment: Uint8Array): Dek {
    if (bytes.length !== DEK_BYTES) throw new DoesNotOpen()
    const dek = new Dek(engine, bytes)
    bytes.fill(0)
    if (!timingSafeEqual(dek.commitment(), commitment)) throw new DoesNotOpen()
    return dek
  }

  wrap(key: WrappingKey, nonce: Uint8Array, data: Uint8Array): Uint8Array {
    return key.wrap(nonce, this.#bytes, data)
  }

  /** As `wrap`, where the wrapping key is elsewhere. What `wrap` is given is overwritten when it has settled. */
  async wrapAfar(wrap: (dek: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = new Uint8Array(this.#bytes)
    try {
      return await wrap(bytes)
    } finally {
      bytes.fill(0)
    }
  }

  /** 32 bytes that no other DEK has, and that tell nothing of this one: GCM alone does not commit to its key. */
  commitment(): Uint8Array {
    return hkdfExpand(this.engine, this.#bytes, LABEL.commitment)
  }

  metadataKey(): Xaes {
    this.#metadata ??= new Xaes(this.engine, this.#subkey(LABEL.metadata))
    return this.#metadata
  }

  tableKey(): Xaes {
    this.#table ??= new Xaes(this.engine, this.#subkey(LABEL.table))
    return this.#table
  }

  summaryKey(): Xaes {
    this.#summary ??= new Xaes(this.engine, this.#subkey(LABEL.summary))
    return this.#summary
  }

  /** 32 bytes: the key of the Tink streaming AEAD that seals every part. */
  partKey(): Uint8Array {
    this.#part ??= this.#subkey(LABEL.part)
    return this.#part
  }

  /** Overwrites the key and what was derived from it. */
  wipe(): void {
    this.#bytes.fill(0)
    this.#part?.fill(0)
    for (const subkey of [this.#metadata, this.#table, this.#summary]) subkey?.wipe()
  }

  #subkey(label: Uint8Array): Uint8Array {
    return hkdfExpand(this.engine, this.#bytes, label)
  }
}
