import { invalidArgument } from '../errors.ts'

/** The largest number S3 takes where it limits the length of a list. */
const INT32 = 2_147_483_647

/** Entries of one page, whatever the client asks for. */
export const MAX_PAGE = 1000

/**
 * Reads `max-keys`, `max-uploads` or `max-parts`. More than a page holds is not wrong, the page is just full.
 * @param versions where versions are listed, S3 has another sentence for it
 * @throws S3Error InvalidArgument
 */
export function readLimit(name: string, value: string | undefined, versions = false): number {
  if (value === undefined || value === '') return MAX_PAGE
  if (!/^-?\d+$/.test(value) || Math.abs(Number(value)) > INT32)
    throw invalidArgument(name, value, `Provided ${value} not an integer or within integer range`)
  if (Number(value) < 0)
    throw invalidArgument(
      name,
      value,
      versions
        ? 'max-keys cannot be negative'
        : `Argument ${value} must be an integer between 0 and ${INT32}`,
    )
  return Number(value)
}

/** Parts that one upload may have at most. */
export const MAX_PARTS = 10_000

/** @throws S3Error InvalidArgument */
export function readPartNumber(value: string): number {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > MAX_PARTS)
    throw invalidArgument(
      'partNumber',
      value,
      'Part number must be an integer between 1 and 10000, inclusive.',
    )
  return number
}

/** A whole number of bytes or things, as digits; undefined where it is none. */
export function readCount(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
