import type { Headers } from '../../wire/exchange.ts'
import { elementsOfRequest, type RequestElement, type S3Error } from './errors.ts'
import { type CopySource, readCopySource } from './forms/copy-source.ts'
import type { Place } from './forms/place.ts'
import type { Query } from './forms/query.ts'
import type { XmlNode } from './xml/write.ts'

/** What was seen of a request before it failed: the less, the earlier it did. */
export interface SeenRequest {
  readonly method: string
  /** As it stood on the request's line. */
  readonly target: string
  readonly place?: Place
  readonly query?: Query
  readonly headers: Headers
}

/**
 * What the document of an error says of the request, as its line in the table asks, in S3's elements. What the error
 * says itself stands; what the request does not say is left out, as is what no XML can hold: there a client could not
 * read the code either.
 */
export function errorElements(error: S3Error, request: SeenRequest | undefined): XmlNode[] {
  const ofRequest = request
    ? elementsOfRequest(error.code).map(name => [name, TELL[name](request, error)] as const)
    : []
  const all = { ...Object.fromEntries(ofRequest), ...error.details }
  return Object.entries(all).filter(([, value]) => value !== undefined && !NO_XML.test(String(value)))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 2.2 has none of these
const NO_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/

const TELL: Readonly<
  Record<RequestElement, (request: SeenRequest, error: S3Error) => string | number | undefined>
> = {
  BucketName: ({ place }) => (place === undefined || place.kind === 'service' ? undefined : place.bucket),
  Key: ({ place, headers }) => sourceOf(headers)?.key ?? (place?.kind === 'object' ? place.key : undefined),
  VersionId: ({ query, headers }) => {
    const source = sourceOf(headers)
    return source ? source.versionId : parameter(query, 'versionId')
  },
  UploadId: ({ query }) => parameter(query, 'uploadId'),
  PartNumberRequested: ({ query }) => parameter(query, 'partNumber'),
  RangeRequested: ({ headers }) => headers.get('range'),
  StorageClassRequested: ({ headers }) => headers.get('x-amz-storage-class'),
  Method: ({ method }) => method,
  ResourceType: ({ place }, { fields }) =>
    fields['x-amz-delete-marker'] === 'true' ? 'DeleteMarker' : place?.kind.toUpperCase(),
  Condition: failedCondition,
}

/** A parameter that cannot be read is a failure of its own, and this request has failed already. */
function parameter(query: Query | undefined, name: string): string | undefined {
  try {
    return query?.get(name)
  } catch {
    return undefined
  }
}

/** What a copy reads from, if its name can be read. */
export function sourceOf(headers: Headers): CopySource | undefined {
  const source = headers.get('x-amz-copy-source')
  try {
    return source === undefined ? undefined : readCopySource(source)
  } catch {
    return undefined
  }
}

/**
 * The condition that did not hold, where the request has just one that can have failed: the store says that one did,
 * and not which.
 */
function failedCondition({ method, headers }: SeenRequest): string | undefined {
  const source = inForce(headers, 'x-amz-copy-source-')
  const own = method === 'GET' || method === 'HEAD' ? inForce(headers, '').slice(0, 1) : inForce(headers, '')
  const others = OTHER_CONDITIONS.filter(name => headers.get(name) !== undefined)
  const [only, ...more] = [...source, ...own, ...others]
  return more.length === 0 ? only : undefined
}

/** Dates count where no ETags are given (RFC 9110 13.2.2). To a read, the second pair is 304 and no failure. */
function inForce(headers: Headers, prefix: string): string[] {
  const stands = (name: string) => headers.get(`${prefix}${name.toLowerCase()}`) !== undefined
  return [
    ['If-Match', 'If-Unmodified-Since'].find(stands),
    ['If-None-Match', 'If-Modified-Since'].find(stands),
  ].flatMap(name => (name === undefined ? [] : [prefix + name]))
}

const OTHER_CONDITIONS = [
  'x-amz-if-match-last-modified-time',
  'x-amz-if-match-size',
  'x-amz-if-match-initiated-time',
]
