import type { ByteRange } from '../seal/layout.ts'
import { PART_HEADER, SEGMENT, SEGMENT_ROOM } from '../seal/lengths.ts'
import type { StoredHead, StoreRange } from '../store/store.ts'
import { ObjectError } from './errors.ts'
import { clientETag } from './etag.ts'
import type { Inspected } from './inspect.ts'
import type { GetObject, PlainRange } from './object.ts'

/**
 * The bytes that a GET asks for; `undefined` where it asks for the whole.
 * @throws ObjectError `InvalidRange`, `InvalidPart`
 */
export function rangeOf(get: GetObject, seen: Inspected): ByteRange | undefined {
  if (get.partNumber !== undefined) return partRange(seen, get.partNumber)
  if (get.range === undefined || !stillCurrent(get.ifRange, seen.head)) return undefined
  // The last bytes of nothing are nothing, and no mistake, as versitygw's suite has it.
  if (seen.size === 0 && 'suffix' in get.range && get.range.suffix > 0) return undefined
  return resolveRange(get.range, seen.size)
}

/**
 * The bytes that a range means in an object of `size` bytes (RFC 9110 14.1.2).
 * @throws ObjectError `InvalidRange` where it holds none
 */
export function resolveRange(range: PlainRange, size: number): ByteRange {
  const { first, last } =
    'suffix' in range
      ? { first: Math.max(0, size - range.suffix), last: range.suffix === 0 ? -1 : size - 1 }
      : { first: range.first, last: Math.min(range.last ?? size - 1, size - 1) }
  if (first <= last) return { first, last }
  throw new ObjectError('InvalidRange', `The range holds no byte of the object, which has ${size}.`, {
    ActualObjectSize: String(size),
  })
}

/** The stored bytes that hold a range if the object is a single part: most are, and then one request is enough. */
export function optimisticRange(range: { readonly first: number; readonly last?: number }): StoreRange {
  const segmentOf = (offset: number) => Math.floor((offset + PART_HEADER) / SEGMENT_ROOM)
  const first = segmentOf(range.first) * SEGMENT
  return range.last === undefined ? { first } : { first, last: (segmentOf(range.last) + 1) * SEGMENT - 1 }
}

/** The bytes of a client's part. An object that came by one PUT is its own part 1. */
function partRange({ layout, size }: Inspected, partNumber: number): ByteRange | undefined {
  if (layout?.kind === 'multipart') {
    const part = layout.parts[partNumber - 1]
    if (part === undefined) throw noSuchPart(partNumber, layout.parts.length)
    return { first: part.plainStart, last: part.plainStart + part.size - 1 }
  }
  if (partNumber !== 1) throw noSuchPart(partNumber, 1)
  return size === 0 ? undefined : { first: 0, last: size - 1 }
}

const noSuchPart = (partNumber: number, parts: number): ObjectError =>
  new ObjectError('InvalidPart', `The object has no part ${partNumber}.`, { ActualPartCount: String(parts) })

/** RFC 9110 13.1.5: a strong ETag, or a date to the second. */
function stillCurrent(ifRange: string | Date | undefined, head: StoredHead): boolean {
  if (ifRange === undefined) return true
  if (typeof ifRange === 'string') return ifRange === clientETag(head.etag)
  return Math.floor(head.lastModified.getTime() / 1000) === Math.floor(ifRange.getTime() / 1000)
}
