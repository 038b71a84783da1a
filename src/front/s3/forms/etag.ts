import { notImplemented } from '../errors.ts'

/**
 * Reads the ETag of a condition: bare, quoted or weak (`W/`), or `*`. S3 takes bare ones too.
 * @throws S3Error NotImplemented for a list, which no store takes: to read its first alone would change what
 *   the condition means
 */
export function readETag(value: string | undefined): string | undefined {
  const trimmed = value?.trim() ?? ''
  if (trimmed === '') return undefined
  if (trimmed.includes(',')) throw notImplemented('A condition on several ETags')
  return trimmed.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}

export const quoted = (etag: string): string => `"${etag}"`
