import type { IHasher } from 'hash-wasm'

/** Takes the bytes of an object or part as they pass. */
export interface ChecksumDigest {
  update(bytes: Uint8Array): unknown
  /** The value, once: nothing may be added afterwards. */
  digest(): Uint8Array
}

/**
 * Makes digests that share one WebAssembly instance: an instance holds tables and a buffer of its own, while the
 * state to put aside when another digest has its turn is some hundred bytes at most.
 */
export function sharing(hasher: IHasher): () => ChecksumDigest {
  let running: Turn | undefined

  class Turn implements ChecksumDigest {
    #state: Uint8Array | undefined

    update(bytes: Uint8Array): void {
      this.#resume()
      hasher.update(bytes)
    }

    digest(): Uint8Array {
      this.#resume()
      running = undefined
      return hasher.digest('binary')
    }

    #resume(): void {
      if (running === this) return
      if (running) running.#state = hasher.save()
      if (this.#state) hasher.load(this.#state)
      else hasher.init()
      running = this
    }
  }
  return () => new Turn()
}
