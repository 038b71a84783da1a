import type { Headers } from '../../../wire/exchange.ts'
import type { Query } from './query.ts'

/** Parameters that are the signature's own business. */
const OF_THE_SIGNATURE =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|user-agent)$/

/**
 * The fields of a presigned request: SDKs move `x-amz-*` fields into the URL they sign, and S3 takes them from
 * there. Checksums are the exception: S3 ignores them there (aws-sdk-go-v2#2610, localstack#12169), and must,
 * since the JavaScript SDK puts the checksum of an empty body into every URL for a PUT.
 */
export function withHoisted(headers: Headers, query: Query): Headers {
  const hoisted = query.pairs
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith('x-amz-') && !OF_THE_SIGNATURE.test(name))
    .filter(([name]) => !/^x-amz-(checksum-(crc|sha|md5|xxhash)|sdk-checksum-algorithm$)/.test(name))
    .filter(([name]) => headers.get(name) === undefined)
  if (hoisted.length === 0) return headers
  const pairs = [...headers.pairs, ...hoisted]
  const all = (name: string) => pairs.filter(([its]) => its === name).map(([, value]) => value)
  return { pairs, all, get: name => (all(name).length === 0 ? undefined : all(name).join(',')) }
}
