import type { PlainRange } from '../../../objects/object.ts'
import { invalidArgument } from '../errors.ts'

/**
 * Reads a `Range` field. What is not one byte range is ignored, as RFC 9110 section 14.2 allows and S3 does:
 * the answer is then the whole object.
 */
export function readRange(value: string | undefined): PlainRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value?.trim() ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? undefined : { suffix: bytes(last) }
  if (last === '') return { first: bytes(first) }
  return bytes(first) > bytes(last) ? undefined : { first: bytes(first), last: bytes(last) }
}

/** More than any object holds counts as the largest number that is exact. */
const bytes = (digits: string) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER)

/**
 * Reads `x-amz-copy-source-range`, which must be a closed range.
 * @throws S3Error InvalidArgument
 */
export function readCopyRange(value: string | undefined): { first: number; last: number } | undefined {
  if (value === undefined || value === '') return undefined
  const match = /^bytes=(\d+)-(\d+)$/.exec(value)
  const range = match && { first: bytes(match[1]!), last: bytes(match[2]!) }
  if (!range || range.first > range.last)
    throw invalidArgument(
      'x-amz-copy-source-range',
      value,
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    )
  return range
}
