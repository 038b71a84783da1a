import { S3Error } from '../errors.ts'
import { percentDecoded, utf8Decoded } from './octets.ts'

/** What a request is about, by its Host and path. */
export type Place =
  | { readonly kind: 'service' }
  | { readonly kind: 'bucket'; readonly bucket: string }
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string }

/** Bytes of UTF-8 that a key may have at most. */
export const MAX_KEY = 1024

/**
 * Reads bucket and key: from the path (`/bucket/key`), or, where Host is a name under one of the base domains,
 * the bucket from there and the key from the path (Amazon S3 User Guide, "Virtual hosting of buckets"). The
 * bucket comes from exactly one of the two. A key is the decoded path as it stands: `//`, `+` and `..` are
 * part of it.
 *
 * @param host the Host field
 * @param path the request target up to `?`, octets as latin1
 * @param baseDomains in lower case
 * @throws S3Error InvalidURI, InvalidBucketName, KeyTooLongError
 */
export function readPlace(host: string, path: string, baseDomains: readonly string[]): Place {
  if (!path.startsWith('/')) throw new S3Error('InvalidURI')
  const named = bucketOfHost(host, baseDomains)
  if (named !== undefined) return at(named, path.slice(1))
  const slash = path.indexOf('/', 1)
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash)
  if (bucket === '' && slash < 0) return { kind: 'service' }
  return at(bucket, slash < 0 ? '' : path.slice(slash + 1))
}

function at(rawBucket: string, rawKey: string): Place {
  const bucket = readBucketName(rawBucket)
  return rawKey === '' ? { kind: 'bucket', bucket } : { kind: 'object', bucket, key: readKey(rawKey) }
}

/** The bucket that a Host names in front of a base domain; undefined where it names none. */
export function bucketOfHost(host: string, baseDomains: readonly string[]): string | undefined {
  const name = host.toLowerCase().replace(/:\d*$/, '')
  // The longest first, so that of two nested base domains the nearer one counts.
  const base = baseDomains
    .filter(domain => name === domain || name.endsWith(`.${domain}`))
    .sort((a, b) => b.length - a.length)[0]
  return base === undefined || name === base ? undefined : name.slice(0, -base.length - 1)
}

/**
 * @throws S3Error InvalidBucketName. "Bucket naming rules" of the Amazon S3 User Guide, without its reserved
 *   prefixes and suffixes, which belong to AWS's own features
 */
export function readBucketName(octets: string): string {
  if (!isBucketName(octets))
    throw new S3Error('InvalidBucketName', undefined, {
      details: { BucketName: utf8Decoded(percentDecoded(octets) ?? octets) ?? '' },
    })
  return octets
}

function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !/^\d{1,3}(\.\d{1,3}){3}$/.test(name)
  )
}

/**
 * @param octets percent-encoded, as in a path
 * @throws S3Error InvalidURI where they are no UTF-8, KeyTooLongError over 1,024 bytes
 */
export function readKey(octets: string): string {
  const decoded = percentDecoded(octets)
  const key = decoded === undefined ? undefined : utf8Decoded(decoded)
  if (decoded === undefined || key === undefined) throw new S3Error('InvalidURI')
  if (decoded.length > MAX_KEY)
    throw new S3Error('KeyTooLongError', undefined, {
      details: { Size: decoded.length, MaxSizeAllowed: MAX_KEY },
    })
  return key
}
