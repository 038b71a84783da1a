import type { Sink } from './body.ts'
import { PeerFailed } from './errors.ts'
import { SCRATCH } from './socket-reading.ts'

/** Of a chunk-size line with its extensions, and of a trailer section: both are read and believed in nothing. */
const MAX_LINE = 256
const MAX_TRAILERS = 8 * 1024

const LF = 0x0a

/** Collects a chunked body (RFC 9112 7.1) of at most `cap` bytes. */
export class ChunkCollector implements Sink {
  readonly #cap: number
  readonly #ended: () => void
  #memory = Buffer.allocUnsafe(4096)
  #length = 0
  #state: 'size' | 'data' | 'data-end' | 'trailers' | 'done' = 'size'
  #line = ''
  #trailers = 0
  /** Bytes of the current chunk that are still to come. */
  #left = 0

  /** @param ended called once, when the last byte of the framing was read */
  constructor(cap: number, ended: () => void) {
    this.#cap = cap
    this.#ended = ended
  }

  /** What the chunks held, once the body has ended. */
  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  space(): Uint8Array {
    return SCRATCH
  }

  filled(length: number): undefined {
    const end = length
    for (let at = 0; at < end; ) {
      if (this.#state === 'done') throw malformed('bytes follow the last chunk')
      at = this.#state === 'data' ? this.#takeData(at, end) : this.#takeLineByte(SCRATCH[at]!, at)
    }
    if (this.#state === 'done') this.#ended()
  }

  #takeData(at: number, end: number): number {
    const length = Math.min(this.#left, end - at)
    if (this.#length + length > this.#cap)
      throw new PeerFailed('answer-too-large', `the answer is larger than ${this.#cap} bytes`)
    if (this.#length + length > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#cap, 2 * (this.#length + length)))
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    SCRATCH.copy(this.#memory, this.#length, at, at + length)
    this.#length += length
    this.#left -= length
    if (this.#left === 0) this.#state = 'data-end'
    return at + length
  }

  #takeLineByte(byte: number, at: number): number {
    if (byte !== LF) {
      if (this.#line.endsWith('\r')) throw malformed('a bare CR stands in a line')
      this.#line += String.fromCharCode(byte)
      if (this.#line.length > MAX_LINE && this.#state !== 'trailers')
        throw malformed('a chunk line is too long')
      if (++this.#trailers > MAX_TRAILERS && this.#state === 'trailers')
        throw malformed('the trailers are too long')
    } else {
      if (!this.#line.endsWith('\r')) throw malformed('a line ends with a bare LF')
      const line = this.#line.slice(0, -1)
      this.#line = ''
      this.#takeLine(line)
    }
    return at + 1
  }

  #takeLine(line: string): void {
    if (this.#state === 'size') {
      const size = /^([0-9A-Fa-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)
      if (size === null) throw malformed('a chunk has no size')
      this.#left = Number.parseInt(size[1]!, 16)
      this.#state = this.#left > 0 ? 'data' : 'trailers'
      this.#trailers = 0
    } else if (this.#state === 'data-end') {
      if (line !== '') throw malformed('a chunk is longer than its size')
      this.#state = 'size'
    } else if (line === '') this.#state = 'done'
  }
}

const malformed = (why: string) =>
  new PeerFailed('malformed-answer', `the answer's chunks are malformed: ${why}`)
