import { invalidArgument, S3Error } from '../errors.ts'
import { percentDecoded, utf8Decoded } from './octets.ts'
import { MAX_KEY, readBucketName } from './place.ts'

export interface CopySource {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
}

const NAME = 'x-amz-copy-source'

/**
 * Reads `x-amz-copy-source`: `bucket/key` or `/bucket/key`, percent-encoded, with `?versionId=` behind it. The
 * slash may be encoded as well (the .NET SDK does that), so the whole is decoded first; a `?versionId=` inside a
 * key must therefore be written `%3FversionId%3D` twice encoded, as at S3.
 *
 * @throws S3Error InvalidArgument
 */
export function readCopySource(value: string): CopySource {
  if (value.startsWith('arn:'))
    throw new S3Error('NotImplemented', 'Copying from an access point is not implemented here.')
  const octets = percentDecoded(value)
  const decoded = octets === undefined ? undefined : utf8Decoded(octets)
  if (decoded === undefined) throw invalidArgument(NAME, value, 'Invalid copy source encoding')
  const source = decoded.startsWith('/') ? decoded.slice(1) : decoded
  const mark = source.indexOf('?versionId=')
  const path = mark < 0 ? source : source.slice(0, mark)
  const versionId = mark < 0 ? '' : source.slice(mark + '?versionId='.length)
  const slash = path.indexOf('/')
  const bucket = bucketName(slash < 0 ? path : path.slice(0, slash), value)
  const key = slash < 0 ? '' : path.slice(slash + 1)
  if (key === '' || Buffer.byteLength(key) > MAX_KEY)
    throw invalidArgument(NAME, value, 'Invalid copy source object key')
  return { bucket, key, ...(versionId === '' ? {} : { versionId }) }
}

function bucketName(name: string, value: string): string {
  try {
    return readBucketName(name)
  } catch {
    throw invalidArgument(NAME, value, 'Invalid copy source bucket name')
  }
}
