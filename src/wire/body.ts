/**
 * The contract between whoever brings bytes and whoever takes them: buffers, never Node streams. A body is
 * read once, in order, into memory that the taker names, so a kernel can write straight into a segment.
 */

/** Takes a body as it arrives. Sinks wrap sinks: a decoder's sink hands out the space of the sink behind it. */
export interface Sink {
  /** Where the next bytes go: at least one byte. It stays valid until they were reported by `filled`. */
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
   * trailers) has been verified.
   * @throws BodyCut when the peer ended early, stalled or broke its framing; a verifier's own error otherwise
   */
  readInto(sink: Sink): Promise<void>
  /** Gives up on what has not been read. The connection is closed and never used again. */
  discard(): void
}

/** Takes bytes in order, with backpressure. */
export interface Writer {
  /**
   * Writes the pieces one after the other. `undefined` means that their memory may be used again at once;
   * a promise means: only when it has settled.
   */
  write(pieces: readonly Uint8Array[]): Promise<void> | undefined
}
