import { SEGMENT } from '../seal/lengths.ts'
import type { PayloadOpener } from '../seal/payload.ts'
import type { Sink, Writer } from '../wire/body.ts'

/**
 * Opens ciphertext on its way to the client: it is read straight into `memory`, opened there segment by
 * segment, and written on only after its tag has verified. Where there is room, the ciphertext stands at the end
 * of `memory` and slides down by more than a segment as it is opened: so that the plaintext is one piece, which costs
 * the socket far less than a piece for each segment. Stored bytes behind those that the opener wants (the
 * trailer of a multipart object, the rest of an optimistic range) pass unused.
 */
export class OpeningSink implements Sink {
  readonly #opener: PayloadOpener
  readonly #memory: Uint8Array
  readonly #writer: Writer
  readonly #ended: AbortSignal
  /** Where in `memory` the ciphertext stands, how much of it waits, and how much there must be to be opened. */
  #start = 0
  #waiting = 0
  #wanted = 0

  /**
   * @param memory room for a segment at least, on an ArrayBuffer that nobody else uses
   * @param ended the end of the group key's lease
   */
  constructor(opener: PayloadOpener, memory: Uint8Array, writer: Writer, ended: AbortSignal) {
    this.#opener = opener
    this.#memory = memory
    this.#writer = writer
    this.#ended = ended
    this.#wantNext()
  }

  space(): Uint8Array {
    if (this.#wanted === 0) return this.#memory
    return this.#memory.subarray(this.#start + this.#waiting, this.#start + this.#wanted)
  }

  filled(length: number): Promise<void> | undefined {
    this.#ended.throwIfAborted()
    if (this.#wanted === 0) return undefined
    this.#waiting += length
    if (this.#waiting < this.#wanted) return undefined
    const sealed = this.#memory.subarray(this.#start, this.#start + this.#wanted)
    const plain = this.#opener.open(sealed, this.#start > 0 ? this.#memory : undefined)
    this.#wantNext()
    return plain.length === 0 ? undefined : this.#writer.write(plain)
  }

  #wantNext(): void {
    const slides = this.#memory.length >= 2 * SEGMENT
    this.#waiting = 0
    this.#wanted = this.#opener.want(this.#memory.length - (slides ? SEGMENT : 0))
    this.#start = slides ? this.#memory.length - this.#wanted : 0
  }
}
