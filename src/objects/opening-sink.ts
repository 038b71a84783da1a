import type { PayloadOpener } from '../seal/payload.ts'
import type { Sink, Writer } from '../wire/body.ts'

/**
 * Opens ciphertext on its way to the client: it is read straight into `memory`, opened there segment by
 * segment, and written on only after its tag has verified. Stored bytes behind those that the opener wants
 * (the trailer of a multipart object, the rest of an optimistic range) pass unused.
 */
export class OpeningSink implements Sink {
  readonly #opener: PayloadOpener
  readonly #memory: Uint8Array
  readonly #writer: Writer
  readonly #ended: AbortSignal
  /** Ciphertext that waits at the start of `memory`, and how much there must be before it can be opened. */
  #waiting = 0
  #wanted: number

  /**
   * @param memory room for a segment at least, on an ArrayBuffer that nobody else uses
   * @param ended the end of the group key's lease
   */
  constructor(opener: PayloadOpener, memory: Uint8Array, writer: Writer, ended: AbortSignal) {
    this.#opener = opener
    this.#memory = memory
    this.#writer = writer
    this.#ended = ended
    this.#wanted = opener.want(memory.length)
  }

  space(): Uint8Array {
    if (this.#wanted === 0) return this.#memory
    return this.#memory.subarray(this.#waiting, this.#wanted)
  }

  filled(length: number): Promise<void> | undefined {
    this.#ended.throwIfAborted()
    if (this.#wanted === 0) return undefined
    this.#waiting += length
    if (this.#waiting < this.#wanted) return undefined
    const plain = this.#opener.open(this.#memory.subarray(0, this.#wanted))
    this.#waiting = 0
    this.#wanted = this.#opener.want(this.#memory.length)
    return plain.length === 0 ? undefined : this.#writer.write(plain)
  }
}
