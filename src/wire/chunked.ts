import type { Sink } from './body.ts'
import { PeerFailed } from './errors.ts'
import { SCRATCH } from './socket-reading.ts'

/** Of a chunk-size line with its extensions, and of a trailer section: both are read and believed in nothing. */
const MAX_LINE = 256
const MAX_TRAILERS = 8 * 1024

const CR = 0x0d
const LF = 0x0a

export interface ChunkEvents {
  /** Called once, when the last byte of the framing was read; `rest` came with it and belongs to no chunk. */
  ended(rest: Uint8Array): void
  /** The error for broken framing. */
  malformed(why: string): Error
}

/**
 * Takes a chunked body (RFC 9112 7.1) and gives its data to another sink, decoded where it stands: data moves
 * down over the chunk sizes in that sink's own memory.
 */
export class Dechunker implements Sink {
  readonly #sink: Sink
  readonly #events: ChunkEvents
  #state: 'size' | 'data' | 'data-end' | 'trailers' | 'done' = 'size'
  /** What of a line has come so far. */
  #line = ''
  #trailerBytes = 0
  /** Data bytes of the current chunk that are still to come. */
  #left = 0
  /** The sink's memory, until it hears of bytes in it. */
  #space: Uint8Array | undefined

  constructor(sink: Sink, events: ChunkEvents) {
    this.#sink = sink
    this.#events = events
  }

  space(): Uint8Array {
    this.#space ??= this.#sink.space()
    return this.#space
  }

  filled(length: number): Promise<void> | undefined {
    const bytes = this.space()
    let read = 0
    let kept = 0
    while (read < length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const run = Math.min(this.#left, length - read)
        if (read !== kept) bytes.copyWithin(kept, read, read + run)
        read += run
        kept += run
        this.#left -= run
        if (this.#left === 0) this.#state = 'data-end'
      } else this.#takeLineByte(bytes[read++]!)
    }
    // A copy, which `slice` of a Buffer is not: the sink may do with its memory what it likes.
    if (this.#state === 'done') this.#events.ended(new Uint8Array(bytes.subarray(read, length)))
    if (kept === 0) return undefined
    this.#space = undefined
    return this.#sink.filled(kept)
  }

  #takeLineByte(byte: number): void {
    const afterCR = this.#line.charCodeAt(this.#line.length - 1) === CR
    if (byte !== LF) {
      if (afterCR) throw this.#events.malformed('a bare CR stands in a chunk line')
      this.#line += String.fromCharCode(byte)
      if (this.#line.length > MAX_LINE && this.#state !== 'trailers')
        throw this.#events.malformed('a chunk line is too long')
      if (this.#state === 'trailers' && ++this.#trailerBytes > MAX_TRAILERS)
        throw this.#events.malformed('the trailers are too long')
      return
    }
    if (!afterCR) throw this.#events.malformed('a chunk line ends with a bare LF')
    const line = this.#line.slice(0, -1)
    this.#line = ''
    this.#takeLine(line)
  }

  #takeLine(line: string): void {
    if (this.#state === 'size') {
      const size = /^([0-9A-Fa-f]{1,12})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)
      if (size === null) throw this.#events.malformed('a chunk has no size')
      this.#left = Number.parseInt(size[1]!, 16)
      this.#state = this.#left > 0 ? 'data' : 'trailers'
    } else if (this.#state === 'data-end') {
      if (line !== '') throw this.#events.malformed('a chunk is longer than its size')
      this.#state = 'size'
    } else if (line === '') this.#state = 'done'
  }
}

/** Collects a body of at most `cap` bytes whose length is not known before. */
export class CappedCollector implements Sink {
  readonly #cap: number
  #memory = Buffer.allocUnsafe(4096)
  #length = 0

  constructor(cap: number) {
    this.#cap = cap
  }

  bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  space(): Uint8Array {
    return SCRATCH
  }

  filled(length: number): undefined {
    const end = this.#length + length
    if (end > this.#cap)
      throw new PeerFailed('answer-too-large', `the answer is larger than ${this.#cap} bytes`)
    if (end > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#cap, 2 * end))
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    SCRATCH.copy(this.#memory, this.#length, 0, length)
    this.#length = end
  }
}
