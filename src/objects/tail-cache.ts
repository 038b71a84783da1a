import type { MultipartTail } from '../seal/trailer.ts'

/** What the end of a multipart object told, and of which object. */
export interface CachedTail {
  /** The store's ETag. */
  readonly etag: string
  /** The envelope's commitment: another object's tail is never taken, whatever ETag the store shows. */
  readonly commitment: Uint8Array
  readonly tail: Extract<MultipartTail, { layout: unknown }>
}

const MAX_ROWS = 100_000

/**
 * The tails of multipart objects read of late: part sizes and salts, which are no secret, and checksums.
 * A range then needs one request. Bounded by the rows it holds; what was not used longest goes first.
 */
export class TailCache {
  readonly #tails = new Map<string, CachedTail>()
  #rows = 0

  get(object: string): CachedTail | undefined {
    const cached = this.#tails.get(object)
    if (cached === undefined) return undefined
    this.#tails.delete(object)
    this.#tails.set(object, cached)
    return cached
  }

  set(object: string, cached: CachedTail): void {
    this.delete(object)
    this.#tails.set(object, cached)
    this.#rows += rowsOf(cached)
    for (const oldest of this.#tails.keys()) {
      if (this.#rows <= MAX_ROWS) break
      this.delete(oldest)
    }
  }

  delete(object: string): void {
    const cached = this.#tails.get(object)
    if (cached === undefined) return
    this.#tails.delete(object)
    this.#rows -= rowsOf(cached)
  }
}

const rowsOf = (cached: CachedTail): number => cached.tail.layout.parts.length
