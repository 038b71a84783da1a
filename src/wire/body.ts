/**
 * The contract between whoever brings bytes and whoever takes them: buffers, never Node streams. A body is
 * read once, in order, into memory that the taker names, so a kernel can write straight into a segment.
 */

/** Takes a body as it arrives. Sinks wrap sinks: a decoder's sink hands out the space of the sink behind it. */
export interface Sink {
  /**
   * Where the next bytes go: at least one byte. It stays valid until they were reported by `filled`.
   * The reader asks as soon as `filled` has returned, also where that returned a promise: it then writes
   * nothing there before the promise has settled, so the memory may be in use until that moment.
   */
  space(): Uint8Array
  /**
   * `length` bytes (at least one) now stand at the start of what `space()` last returned.
   * A promise holds the reader back until it settles; a throw or a rejection ends the reading with that error.
   */
  filled(length: number): Promise<void> | undefined
}

/** A body that is read once, into a sink. */
export interface Body {
  /** Bytes that the sink will be given, known before the first. */
  readonly length: number
  /**
   * Resolves when `length` bytes were delivered and everything promised about them (digests, signatures,
   * trailers) has been verified. Once it has settled, nothing is written into the sink's memory any more.
   * @throws BodyCut when the peer ended early, stalled or broke its framing; a verifier's own error otherwise
   */
  readInto(sink: Sink): Promise<void>
  /** Gives up on what has not been read. The connection is closed and never used again. */
  discard(): void
}

/** A body that came in chunks (RFC 9112 7.1): how long it is, its end alone tells. */
export interface UnsizedBody extends Omit<Body, 'length'> {
  readonly length: undefined
}

/** Takes bytes in order, with backpressure. */
export interface Writer {
  /**
   * Writes the pieces one after the other. `undefined` means that their memory may be used again at once;
   * a promise means: only when it has settled. Whoever writes waits for one promise before the next write.
   */
  write(pieces: readonly Uint8Array[]): Promise<void> | undefined
}

/** A body that did not come whole. What was delivered of it is a beginning, never the body. */
export class BodyCut extends Error {
  override readonly name = 'BodyCut'
  readonly code: 'ended' | 'stalled' | 'lost' | 'framing' | 'discarded'

  constructor(code: BodyCut['code'], detail: string) {
    super(`the body was cut short: ${detail}`)
    this.code = code
  }
}
