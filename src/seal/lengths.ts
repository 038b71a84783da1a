/**
 * The lengths of a sealed object (docs/object-format.md, "Lengths"). All are whole numbers of bytes below
 * 2^53. The stored length depends on the plaintext length alone, and the other way round: so a listing of
 * ciphertext is a listing of plaintext without one request more.
 */

/** How an object came to be: by one PUT, or by a multipart upload. */
export type Kind = 'single' | 'multipart'

/** Bytes of a whole sealed segment; the last of a part may be shorter. */
export const SEGMENT = 65_536
export const TAG = 16
/** Tink's header before the first segment's ciphertext: length 1, salt 32, nonce prefix 7. It counts into that segment. */
export const PART_HEADER = 40
/** Plaintext bytes of a whole segment, the first one excepted. */
export const SEGMENT_ROOM = SEGMENT - TAG
export const SUMMARY = 256
/** Nonce and tag of the sealed table. */
export const TABLE_FRAME = 40
export const TABLE_ROW = 120
export const MAX_PARTS = 10_000
/** No part but the last of an upload is smaller: the length rule rests on it. */
export const MIN_PART = 5_242_880

const BASE = 496
const PER_MIN_PART = 192

/** Exact for whole numbers below 2^53, where `Math.ceil(a / b)` is not. */
const dividedUp = (a: number, b: number): number => {
  const rest = a % b
  return rest === 0 ? a / b : (a - rest) / b + 1
}
const dividedDown = (a: number, b: number): number => (a - (a % b)) / b

/** How many segments a part of `plain` bytes has: C(p) holds so many tags. */
export const segmentCount = (plain: number): number => dividedUp(plain + PART_HEADER, SEGMENT_ROOM)

/** C(p): stored bytes of a part of `plain` bytes, its header included. */
export const partLength = (plain: number): number => plain + PART_HEADER + TAG * segmentCount(plain)

/** L(P): stored bytes of an object of `plain` bytes, however it was uploaded. */
export function storedLength(plain: number): number {
  if (plain === 0) return 0
  const minParts = Math.min(MAX_PARTS - 1, dividedDown(plain, MIN_PART))
  return plain + BASE + TAG * dividedUp(plain, SEGMENT_ROOM) + PER_MIN_PART * minParts
}

/** The inverse of L. `undefined` where no sealed object is `stored` bytes long. */
export function plaintextLength(stored: number): number | undefined {
  const plain = largestPlaintext(stored)
  return storedLength(plain) === stored ? plain : undefined
}

/** The largest object that a store takes whose objects may hold `limit` bytes: the largest P with L(P) ≤ limit. */
export function largestPlaintext(limit: number): number {
  // L(P) > P, so this is too high by three at the most.
  let minParts = Math.min(MAX_PARTS - 1, dividedDown(limit, MIN_PART))
  while (minParts > 0 && storedLength(minParts * MIN_PART) > limit) minParts -= 1
  const plain = withoutTags(limit - BASE - PER_MIN_PART * minParts)
  // Between two steps of the third term there are lengths that nothing has: the lower step's last.
  return minParts < MAX_PARTS - 1 ? Math.min(plain, (minParts + 1) * MIN_PART - 1) : plain
}

/** The largest part that a store takes whose parts may hold `limit` bytes: the largest p with C(p) ≤ limit. */
export function largestPart(limit: number): number {
  return Math.max(0, withoutTags(limit) - PART_HEADER)
}

/** Bytes between the last part and the table or summary; all of them are zero. */
export function zerosLength(kind: Kind, parts: readonly number[]): number {
  let plain = 0
  let sealed = 0
  for (const part of parts) {
    plain += part
    sealed += partLength(part)
  }
  return storedLength(plain) - sealed - trailerLength(kind, parts.length)
}

/** Bytes of the sealed table, if there is one, and the summary. */
export const trailerLength = (kind: Kind, parts: number): number =>
  kind === 'single' ? SUMMARY : TABLE_FRAME + TABLE_ROW * parts + SUMMARY

/** The largest x with x + 16 · ⌈x / 65520⌉ ≤ sealed. */
function withoutTags(sealed: number): number {
  const rest = Math.max(0, sealed) % SEGMENT
  return dividedDown(Math.max(0, sealed), SEGMENT) * SEGMENT_ROOM + Math.max(0, rest - TAG)
}
