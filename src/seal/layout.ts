import { DoesNotOpen } from './errors.ts'
import {
  type Kind,
  MAX_PARTS,
  PART_HEADER,
  partLength,
  SEGMENT,
  SEGMENT_ROOM,
  storedLength,
  trailerLength,
} from './lengths.ts'
import { type PartHeader, UNNUMBERED } from './part.ts'
import type { TableRow } from './table.ts'

/** A run of bytes, both ends included. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** Where a part's bytes stand. */
export interface PlacedPart extends TableRow {
  /** Offset of its first byte in the plaintext. */
  readonly plainStart: number
  /** Offset of its header in the stored object. */
  readonly storedStart: number
  /** Stored bytes. */
  readonly stored: number
}

/** Where everything stands in a stored object that is not empty: parts ‖ zeros ‖ table ‖ summary. */
export class Layout {
  readonly kind: Kind
  readonly parts: readonly PlacedPart[]
  /** Plaintext bytes. */
  readonly size: number
  /** Stored bytes. */
  readonly stored: number
  /** Offset of the zeros: the end of the last part. */
  readonly zerosStart: number
  /** Offset of the table, or of the summary where there is none: the end of the zeros. */
  readonly trailerStart: number

  private constructor(kind: Kind, rows: readonly TableRow[]) {
    this.kind = kind
    const parts: PlacedPart[] = []
    let plainStart = 0
    let storedStart = 0
    for (const row of rows) {
      const stored = partLength(row.size)
      parts.push({ ...row, plainStart, storedStart, stored })
      plainStart += row.size
      storedStart += stored
    }
    this.parts = parts
    this.size = plainStart
    this.stored = storedLength(plainStart)
    this.zerosStart = storedStart
    this.trailerStart = this.stored - trailerLength(kind, rows.length)
  }

  /**
   * The layout of an object that came by one PUT.
   * @param size plaintext bytes, one at least
   */
  static single(header: PartHeader, size: number): Layout {
    return checked(new Layout('single', [{ number: UNNUMBERED, size, header }]))
  }

  /**
   * The layout of a multipart object.
   * @param rows 1 to 10,000. Numbers ascend, or all are UNNUMBERED
   * @throws DoesNotOpen for rows that no writer of this format makes
   */
  static multipart(rows: readonly TableRow[]): Layout {
    const ordered = rows.every((row, i) => i === 0 || row.number > rows[i - 1]!.number)
    const unnumbered = rows.every(row => row.number === UNNUMBERED)
    if (rows.length > MAX_PARTS || !(ordered || unnumbered)) throw new DoesNotOpen()
    return checked(new Layout('multipart', rows))
  }

  /** The stored bytes whose segments hold these plaintext bytes. */
  cover(range: ByteRange): ByteRange {
    const first = this.parts[this.partAt(range.first)]!
    const last = this.parts[this.partAt(range.last)]!
    const firstSegment = segmentAt(range.first - first.plainStart)
    const lastSegment = segmentAt(range.last - last.plainStart)
    return {
      first: first.storedStart + firstSegment * SEGMENT,
      last: last.storedStart + Math.min((lastSegment + 1) * SEGMENT, last.stored) - 1,
    }
  }

  /** Index of the part that holds a plaintext byte. */
  partAt(plainOffset: number): number {
    if (plainOffset < 0 || plainOffset >= this.size)
      throw new RangeError(`byte ${plainOffset} of ${this.size}`)
    let low = 0
    let high = this.parts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.parts[middle]!.plainStart <= plainOffset) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Index of the segment that holds a plaintext byte of a part. */
const segmentAt = (plainOffset: number): number => Math.floor((plainOffset + PART_HEADER) / SEGMENT_ROOM)

function checked(layout: Layout): Layout {
  if (layout.size === 0 || layout.trailerStart < layout.zerosStart) throw new DoesNotOpen()
  return layout
}
