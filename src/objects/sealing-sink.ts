import { PART_HEADER, SEGMENT_ROOM } from '../seal/lengths.ts'
import type { PartSealer } from '../seal/part.ts'
import type { Sink, Writer } from '../wire/body.ts'

/**
 * Seals a plaintext body on its way to the store. The plaintext is read straight into `memory`, sealed there
 * segment by segment, and written on. The last segment is kept back: it goes out with the trailer, when
 * everything that the client promised about its body has been verified.
 */
export class SealingSink implements Sink {
  readonly #part: PartSealer
  readonly #memory: Uint8Array
  readonly #writer: Writer | undefined
  readonly #ended: AbortSignal
  /** Plaintext bytes that have not come yet. */
  #missing: number
  /** Plaintext that waits at the start of `memory`, and how much there must be before it can be sealed. */
  #waiting = 0
  #wanted: number

  /**
   * @param memory room for a segment at least, on an ArrayBuffer that nobody else uses
   * @param length plaintext bytes that will come
   * @param ended the end of the group key's lease
   * @param writer takes the sealed segments but the last; needed where there are several
   */
  constructor(part: PartSealer, memory: Uint8Array, length: number, ended: AbortSignal, writer?: Writer) {
    this.#part = part
    this.#memory = memory
    this.#writer = writer
    this.#ended = ended
    this.#missing = length
    this.#wanted = this.#wholeSegments()
  }

  /** Whether a body of `length` bytes comes to stand in `memory` whole, so that it needs no writer. */
  static fits(length: number, memory: Uint8Array): boolean {
    return length <= segmentsIn(memory, SEGMENT_ROOM - PART_HEADER)
  }

  space(): Uint8Array {
    return this.#memory.subarray(this.#waiting, this.#wanted)
  }

  filled(length: number): Promise<void> | undefined {
    this.#ended.throwIfAborted()
    this.#waiting += length
    this.#missing -= length
    if (this.#waiting < this.#wanted || this.#missing === 0) return undefined
    const sealed = this.#seal(false)
    this.#wanted = this.#wholeSegments()
    return this.#writer?.write(sealed)
  }

  /** Seals what was kept back, which ends the part. The pieces stand in `memory`. */
  end(): readonly Uint8Array[] {
    this.#ended.throwIfAborted()
    return this.#seal(true)
  }

  #seal(last: boolean): readonly Uint8Array[] {
    const pieces: Uint8Array[] = []
    let start = 0
    do {
      const end = Math.min(start + this.#part.room, this.#waiting)
      pieces.push(...this.#part.sealSegment(this.#memory.subarray(start, end), last && end === this.#waiting))
      start = end
    } while (start < this.#waiting)
    this.#waiting = 0
    return pieces
  }

  /** Bytes of as many whole segments as `memory` holds, or of all that is missing where that is less. */
  #wholeSegments(): number {
    return Math.min(segmentsIn(this.#memory, this.#part.room), this.#missing)
  }
}

/** Plaintext bytes of the whole segments that `memory` holds, the next one of `room` bytes. */
const segmentsIn = (memory: Uint8Array, room: number): number =>
  room + SEGMENT_ROOM * Math.floor((memory.length - room) / SEGMENT_ROOM)
