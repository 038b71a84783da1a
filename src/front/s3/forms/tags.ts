import type { Tag } from '../../../store/tag.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { percentDecoded, utf8Decoded } from './octets.ts'

export const MAX_OBJECT_TAGS = 10
export const MAX_BUCKET_TAGS = 50

/** What S3 allows in tags: letters, spaces, numbers in any script, and `_ . : / = + - @`. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/**
 * Checks tags as S3 does ("Tagging your objects", Amazon S3 User Guide).
 * @throws S3Error InvalidTag, BadRequest where there are too many
 */
export function checkTags(
  tags: readonly Tag[],
  limit: typeof MAX_OBJECT_TAGS | typeof MAX_BUCKET_TAGS,
): void {
  if (tags.length > limit)
    throw new S3Error(
      'BadRequest',
      limit === MAX_OBJECT_TAGS
        ? 'Object tags cannot be greater than 10'
        : 'Bucket tag count cannot be greater than 50',
    )
  const seen = new Set<string>()
  for (const { key, value } of tags) {
    const wrong = (sentence: string) =>
      new S3Error('InvalidTag', sentence, { details: { TagKey: key, TagValue: value } })
    if (key === '' || key.length > 128 || !ALLOWED.test(key))
      throw wrong('The TagKey you have provided is invalid')
    if (value.length > 256 || !ALLOWED.test(value)) throw wrong('The TagValue you have provided is invalid')
    if (seen.has(key)) throw wrong('Cannot provide multiple Tags with the same key')
    seen.add(key)
  }
}

/**
 * Checks an `x-amz-tagging` field: tags as the query of a URL. It passes on as it stands.
 * @throws S3Error InvalidArgument, InvalidTag, BadRequest
 */
export function checkTaggingHeader(value: string): void {
  const tags = value
    .split('&')
    .filter(piece => piece !== '')
    .map(piece => {
      const equals = piece.indexOf('=')
      const [key, content] =
        equals < 0 ? [text(piece), ''] : [text(piece.slice(0, equals)), text(piece.slice(equals + 1))]
      if (!key || content === undefined) throw malformed(value)
      return { key, value: content }
    })
  if (new Set(tags.map(tag => tag.key)).size < tags.length) throw malformed(value)
  checkTags(tags, MAX_OBJECT_TAGS)
}

function text(octets: string): string | undefined {
  const decoded = percentDecoded(octets.replaceAll('+', ' '))
  return decoded === undefined ? undefined : utf8Decoded(decoded)
}

const malformed = (value: string) =>
  invalidArgument(
    'x-amz-tagging',
    value,
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
  )
