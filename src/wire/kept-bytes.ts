/** Bytes that came before anybody asked for them: a head in parts, a body's beginning, a request too early. */
export class KeptBytes {
  #memory: Buffer | undefined
  #from = 0
  #to = 0

  get empty(): boolean {
    return this.#memory === undefined
  }

  /** What is kept. Valid until the next `add`. */
  view(): Buffer {
    return this.#memory === undefined ? NOTHING : this.#memory.subarray(this.#from, this.#to)
  }

  /** Copies `bytes` behind what is kept. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const kept = this.#to - this.#from
    if (this.#memory === undefined || this.#to + bytes.length > this.#memory.length) {
      const larger = Buffer.allocUnsafe(kept === 0 ? bytes.length : 2 * (kept + bytes.length))
      this.#memory?.copy(larger, 0, this.#from, this.#to)
      this.#memory = larger
      this.#from = 0
      this.#to = kept
    }
    this.#memory.set(bytes, this.#to)
    this.#to += bytes.length
  }

  /** Forgets the first `length` bytes. */
  drop(length: number): void {
    this.#from += length
    if (this.#from === this.#to) this.clear()
  }

  clear(): void {
    this.#memory = undefined
    this.#from = 0
    this.#to = 0
  }
}

const NOTHING = Buffer.alloc(0)
