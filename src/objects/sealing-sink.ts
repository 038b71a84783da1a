import { PART_HEADER, SEGMENT, SEGMENT_ROOM } from '../seal/lengths.ts'
import type { PartSealer } from '../seal/part.ts'
import type { Sink, Writer } from '../wire/body.ts'

/**
 * Seals a plaintext body on its way to the store. The plaintext is read straight into `memory`, sealed there
 * segment by segment, and written on. Where there is room, it stands at the end of `memory` and slides down by
 * more than a segment as it is sealed: so that each tag finds its place, and what goes out is one piece. What came
 * last is kept back: it goes out with the trailer, when everything that the client promised about its body has
 * been verified.
 */
export class SealingSink implements Sink {
  readonly #part: PartSealer
  readonly #memory: Uint8Array
  readonly #writer: Writer | undefined
  readonly #ended: AbortSignal
  /** Plaintext bytes that have not come yet. */
  #missing: number
  /** Where in `memory` the plaintext stands, how much of it waits, and how much there must be to be sealed. */
  #start = 0
  #waiting = 0
  #wanted = 0

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
    this.#wantNext()
  }

  /** Whether a body of `length` bytes comes to stand in `memory` whole, so that it needs no writer. */
  static fits(length: number, memory: Uint8Array): boolean {
    return length <= plaintextIn(memory, SEGMENT_ROOM - PART_HEADER)
  }

  space(): Uint8Array {
    return this.#memory.subarray(this.#start + this.#waiting, this.#start + this.#wanted)
  }

  filled(length: number): Promise<void> | undefined {
    this.#ended.throwIfAborted()
    this.#waiting += length
    this.#missing -= length
    if (this.#waiting < this.#wanted || this.#missing === 0) return undefined
    const sealed = this.#seal(false)
    this.#wantNext()
    return this.#writer?.write([sealed])
  }

  /** Seals what was kept back, which ends the part. It stands in `memory`. */
  end(): Uint8Array {
    this.#ended.throwIfAborted()
    return this.#seal(true)
  }

  #seal(last: boolean): Uint8Array {
    const end = this.#start + this.#waiting
    let from = this.#start
    let to = 0
    do {
      const plaintext = this.#memory.subarray(from, Math.min(from + this.#part.room, end))
      from += plaintext.length
      to += this.#part.sealSegment(plaintext, last && from === end, this.#memory.subarray(to)).length
    } while (from < end)
    return this.#memory.subarray(0, to)
  }

  /** As many whole segments as `memory` takes, or all that is missing where that is less. */
  #wantNext(): void {
    const { room } = this.#part
    this.#waiting = 0
    this.#wanted = Math.min(plaintextIn(this.#memory, room), this.#missing)
    this.#start = slides(this.#memory) ? this.#memory.length - this.#wanted : SEGMENT_ROOM - room
  }
}

/** Whether there is room for sealed segments beside one of plaintext. A single segment is sealed where it stands. */
const slides = (memory: Uint8Array): boolean => memory.length >= 2 * SEGMENT

/** Plaintext bytes of the whole segments that are sealed at once in `memory`, the next one of `room` bytes. */
const plaintextIn = (memory: Uint8Array, room: number): number =>
  slides(memory) ? room + SEGMENT_ROOM * (Math.floor(memory.length / SEGMENT) - 2) : room
