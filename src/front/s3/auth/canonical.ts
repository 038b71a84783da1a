import { hash } from 'node:crypto'
import type { Headers } from '../../../wire/exchange.ts'
import { percentDecoded, percentEncoded } from '../forms/octets.ts'
import type { Query } from '../forms/query.ts'

/** What a signature speaks for. */
export interface SignedRequest {
  readonly method: string
  /** The request target up to `?`, as it stood on the line. */
  readonly path: string
  readonly query: Query
  readonly headers: Headers
}

/**
 * The canonical request of SigV4 ("Create a signed AWS API request", AWS IAM User Guide), in S3's way: the
 * path is encoded once and never normalised. All strings are octets as latin1.
 *
 * @param path one of `canonicalPaths`
 * @param signedHeaders lower-case names in the order the client listed them
 * @param payloadHash what stands for the body
 */
export function canonicalRequest(
  request: SignedRequest,
  path: string,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  let text = `${request.method}\n${path}\n${canonicalQuery(request.query)}\n`
  for (const name of signedHeaders) text += `${name}:${canonicalValue(request.headers, name)}\n`
  return `${text}\n${signedHeaders.join(';')}\n${payloadHash}`
}

/**
 * The ways in which a client may have written the path it signed: each octet encoded anew, as AWS documents it;
 * or just as it sent it, which is what clients do that sign the URL of their HTTP library. Both name the same
 * object.
 */
export function canonicalPaths(path: string): readonly string[] {
  const decoded = percentDecoded(path) ?? path
  const encoded = decoded.split('/').map(percentEncoded).join('/')
  return encoded === path ? [encoded] : [encoded, path]
}

function canonicalQuery(query: Query): string {
  if (query.pairs.length === 0) return ''
  return query.pairs
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [percentEncoded(name), percentEncoded(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** Values of one name are joined with commas in the order they came; a run of spaces counts as one. */
const canonicalValue = (headers: Headers, name: string): string =>
  (headers.get(name) ?? '').replaceAll(/ {2,}/g, ' ')

export function stringToSign(algorithm: string, time: string, scope: string, canonical: string): string {
  return `${algorithm}\n${time}\n${scope}\n${hash('sha256', Buffer.from(canonical, 'latin1'), 'hex')}`
}
