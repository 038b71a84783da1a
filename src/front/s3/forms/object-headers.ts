import type { ObjectHeaders } from '../../../objects/object.ts'
import { OBJECT_SETTINGS, type ObjectSetting } from '../../../store/store.ts'
import type { Headers } from '../../../wire/exchange.ts'
import { S3Error } from '../errors.ts'
import { checkTaggingHeader } from './tags.ts'

const META = 'x-amz-meta-'

/** What an application says about its object beside `x-amz-meta-*`, and gets back on GET and HEAD. */
const KEPT = new Set([
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
  // Any kind of it is granted, and told again as it was asked for.
  'x-amz-server-side-encryption',
])

/** Bytes of names and values that S3 lets user metadata have ("Working with object metadata"). */
const MAX_USER_METADATA = 2048

/**
 * The application's own words about an object. User metadata that stands twice is joined with a comma, as S3
 * does; `aws-chunked` in Content-Encoding belongs to the transfer and goes.
 *
 * @throws S3Error MetadataTooLarge, InvalidRedirectLocation
 */
export function readObjectHeaders(headers: Headers): ObjectHeaders {
  const kept = new Map<string, string>()
  let metadata = 0
  for (const [name, value] of headers.pairs) {
    const isMetadata = name.startsWith(META)
    if (!isMetadata && (!KEPT.has(name) || value === '')) continue
    const before = kept.get(name)
    if (isMetadata)
      metadata += before === undefined ? name.length - META.length + value.length : value.length + 1
    kept.set(name, before === undefined ? value : `${before},${value}`)
  }
  if (metadata > MAX_USER_METADATA)
    throw new S3Error('MetadataTooLarge', undefined, {
      details: { Size: metadata, MaxSizeAllowed: MAX_USER_METADATA },
    })
  const encoding = kept.get('content-encoding')
  if (encoding !== undefined) {
    const own = withoutAwsChunked(encoding)
    if (own === '') kept.delete('content-encoding')
    else kept.set('content-encoding', own)
  }
  const redirect = kept.get('x-amz-website-redirect-location')
  if (redirect !== undefined && !/^(https?:\/\/|\/)/.test(redirect))
    throw new S3Error('InvalidRedirectLocation')
  return [...kept]
}

function withoutAwsChunked(encoding: string): string {
  if (!encoding.includes('aws-chunked')) return encoding
  return encoding
    .split(',')
    .filter(coding => coding.trim() !== 'aws-chunked')
    .join(',')
    .trim()
}

/**
 * The settings that the store carries out itself, by the header's name.
 * @throws S3Error for tags that S3 would refuse
 */
export function readSettings(headers: Headers): Partial<Record<ObjectSetting, string>> {
  const settings: Partial<Record<ObjectSetting, string>> = {}
  for (const name of OBJECT_SETTINGS) {
    const value = headers.get(name)
    if (value !== undefined && value !== '') settings[name] = value
  }
  if (settings['x-amz-tagging'] !== undefined) checkTaggingHeader(settings['x-amz-tagging'])
  return settings
}
