import type { Dek } from './dek.ts'
import { DoesNotOpen } from './errors.ts'
import type { ByteRange, Layout, PlacedPart } from './layout.ts'
import { PART_HEADER, SEGMENT, SEGMENT_ROOM, SUMMARY } from './lengths.ts'
import { PartOpener } from './part.ts'
import type { Summary } from './summary.ts'
import { openSingleTail } from './trailer.ts'

/**
 * Opens a run of stored bytes as it arrives, step by step: a segment, a stretch of zeros, the summary. It
 * asks for whole steps and gives back verified plaintext; nothing else leaves it.
 *
 * A whole object's last segment is held back until everything behind it has verified. (For a multipart
 * object that is the zeros: table and summary were opened first, the layout comes from them.)
 */
export class PayloadOpener {
  /** The stored bytes that must be fed, all of them and in order. */
  readonly stored: ByteRange
  readonly #dek: Dek
  readonly #layout: Layout
  readonly #plain: ByteRange
  readonly #whole: boolean
  #at: number
  #partIndex: number
  #part: PartOpener | undefined
  #held: Uint8Array | undefined
  #summary: Summary | undefined

  /** @param range the plaintext bytes wanted; all of them and the trailer where it is left out */
  constructor(dek: Dek, layout: Layout, range?: ByteRange) {
    this.#dek = dek
    this.#layout = layout
    this.#whole = range === undefined
    this.#plain = range ?? { first: 0, last: layout.size - 1 }
    this.stored =
      range === undefined
        ? { first: 0, last: (layout.kind === 'single' ? layout.stored : layout.trailerStart) - 1 }
        : layout.cover(range)
    this.#at = this.stored.first
    this.#partIndex = layout.partAt(this.#plain.first)
  }

  /** Whether every step was taken: only then all was verified. */
  get done(): boolean {
    return this.#at > this.stored.last
  }

  /** The summary of a single part that was opened whole, once `done`. */
  get summary(): Summary | undefined {
    return this.#summary
  }

  /**
   * How many stored bytes the next call of `open` should have: as many whole steps as `limit` holds, one at
   * the least (65,536 bytes at the most); 0 when done.
   */
  want(limit: number): number {
    let total = 0
    for (let part = this.#partIndex; this.#at + total <= this.stored.last; ) {
      while (this.#layout.parts[part] !== undefined && this.#at + total >= endOf(this.#layout.parts[part]!))
        part += 1
      const step = this.#stepLength(this.#at + total, this.#layout.parts[part])
      if (total > 0 && total + step > limit) break
      total += step
    }
    return total
  }

  /**
   * Takes whole steps.
   * @param sealed as many bytes as `want` said
   * @param into takes the plaintext, without a gap; as long as `sealed`. It may end where `sealed` ends if it begins
   *   a segment or more before that. Where it is left out, each segment's plaintext replaces its ciphertext
   * @returns verified plaintext in as few pieces as there are; all of it stands in the memory that was given but, at
   *   the end, what was held back
   * @throws DoesNotOpen; nothing of these bytes may then be used
   */
  open(sealed: Uint8Array, into?: Uint8Array): readonly Uint8Array[] {
    const pieces: Uint8Array[] = []
    let placed = 0
    for (let from = 0; from < sealed.length; ) {
      const length = this.want(1)
      if (length === 0 || from + length > sealed.length)
        throw new RangeError('the opener takes whole steps only')
      const plain = this.#step(sealed.subarray(from, from + length), into?.subarray(placed))
      if (plain !== undefined && plain.length > 0) {
        append(pieces, plain)
        if (into !== undefined) placed = plain.byteOffset + plain.length - into.byteOffset
      }
      from += length
    }
    return pieces
  }

  #stepLength(at: number, part: PlacedPart | undefined): number {
    if (part !== undefined) return Math.min(SEGMENT - ((at - part.storedStart) % SEGMENT), endOf(part) - at)
    if (at < this.#layout.trailerStart) return Math.min(SEGMENT, this.#layout.trailerStart - at)
    return SUMMARY
  }

  #step(sealed: Uint8Array, into: Uint8Array | undefined): Uint8Array | undefined {
    const at = this.#at
    const opened = at < this.#layout.zerosStart ? this.#segment(sealed, into) : this.#trailer(sealed)
    this.#at = at + sealed.length
    return this.done ? (this.#release() ?? opened) : opened
  }

  #segment(sealed: Uint8Array, into: Uint8Array | undefined): Uint8Array | undefined {
    const { parts } = this.#layout
    while (this.#at >= endOf(parts[this.#partIndex]!)) {
      this.#partIndex += 1
      this.#part = undefined
    }
    const part = parts[this.#partIndex]!
    this.#part ??= new PartOpener(this.#dek, part.header, part.number, part.size)
    const index = (this.#at - part.storedStart) / SEGMENT
    const opened = this.#part.openSegment(index, sealed, into)
    const start = part.plainStart + index * SEGMENT_ROOM - (index === 0 ? 0 : PART_HEADER)
    const wanted = opened.subarray(
      Math.max(0, this.#plain.first - start),
      Math.max(0, this.#plain.last + 1 - start),
    )
    const last = opened.length > 0 && start + opened.length === this.#layout.size
    if (!this.#whole || !last) return wanted
    // A copy, as the memory is the caller's again before the summary has come.
    this.#held = Buffer.from(wanted)
    return undefined
  }

  #trailer(sealed: Uint8Array): undefined {
    if (this.#at < this.#layout.trailerStart) {
      if (Buffer.compare(sealed, ZEROS.subarray(0, sealed.length)) !== 0) throw new DoesNotOpen()
    } else {
      this.#summary = openSingleTail(this.#dek, sealed, this.#layout.size)
    }
  }

  #release(): Uint8Array | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }
}

/** Adds a piece, as part of the last one where it stands right behind that. */
function append(pieces: Uint8Array[], piece: Uint8Array): void {
  const last = pieces.at(-1)
  if (last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset)
    pieces[pieces.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length)
  else pieces.push(piece)
}

const ZEROS = new Uint8Array(SEGMENT)

const endOf = (part: PlacedPart): number => part.storedStart + part.stored
