/** A segment of the object format. */
const SMALL = 64 * 1024
/** Sixteen segments at a read and a write: a third less CPU per gigabyte of a GET than four (docs/performance.md). */
const LARGE = 16 * SMALL

/**
 * Memory to read bodies into and to seal and open them in place, lent for as long as a body takes. Each piece
 * is an ArrayBuffer of its own outside of the moving heap, since the EVP engine hands out addresses of it.
 *
 * Few streams get large pieces, many get small ones: a thousand slow clients must not hold a gigabyte. Nobody
 * waits for memory; the number of connections bounds the whole.
 */
export class SegmentMemory {
  readonly #budget: number
  readonly #lent = new Set<ArrayBuffer>()
  readonly #spareSmall: ArrayBuffer[] = []
  readonly #spareLarge: ArrayBuffer[] = []
  #lentBytes = 0
  #spareBytes = 0

  /** @param budget bytes up to which large pieces are lent, and up to which returned ones are kept */
  constructor(budget: number) {
    this.#budget = budget
  }

  /**
   * Lends a piece of 64 KiB or 1 MiB. What stands in it is left from its last use.
   * @param expected bytes that will pass through; for fewer than 64 KiB no large piece is spent
   */
  lend(expected: number): Uint8Array<ArrayBuffer> {
    const large = expected > SMALL && this.#lentBytes + LARGE <= this.#budget
    const size = large ? LARGE : SMALL
    const spare = (large ? this.#spareLarge : this.#spareSmall).pop()
    if (spare !== undefined) this.#spareBytes -= size
    const memory = spare ?? new ArrayBuffer(size)
    this.#lent.add(memory)
    this.#lentBytes += size
    return new Uint8Array(memory)
  }

  /**
   * Takes a piece back: nobody may read or write it from now on, no kernel either.
   * @throws TypeError for a piece that is not lent: somebody else may have it by now
   */
  takeBack(piece: Uint8Array<ArrayBuffer>): void {
    const memory = piece.buffer
    const size = this.#end(memory)
    if (this.#spareBytes + size > this.#budget) return
    this.#spareBytes += size
    const spare = size === LARGE ? this.#spareLarge : this.#spareSmall
    spare.push(memory)
  }

  /**
   * Counts a piece as lent no more without lending it again: a write of it may still be under way somewhere,
   * and the next stream's bytes must not be what it finds.
   * @throws TypeError for a piece that is not lent
   */
  giveUp(piece: Uint8Array<ArrayBuffer>): void {
    this.#end(piece.buffer)
  }

  #end(memory: ArrayBuffer): number {
    if (!this.#lent.delete(memory)) throw new TypeError('this memory is not lent')
    const size = memory.byteLength
    this.#lentBytes -= size
    return size
  }

  /** Bytes lent now. */
  get lentBytes(): number {
    return this.#lentBytes
  }
}
