import type { Headers } from '../../wire/exchange.ts'
import type { Operation } from './call.ts'
import { notImplemented } from './errors.ts'
import type { Place } from './forms/place.ts'
import type { Query } from './forms/query.ts'
import { checkMistakes, methodNotAllowed } from './mistakes.ts'

/**
 * Query parameters that every operation takes: the signature's own, and `x-id`, with which SDKs name their call.
 * A presigned URL may carry request fields as parameters; those are checked as fields.
 */
const COMMON_QUERY = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Security-Token',
  'X-Amz-Content-Sha256',
  'X-Amz-User-Agent',
])

/** `x-amz-*` fields that are understood, or may be left out of account, somewhere. What is not here is refused. */
const KNOWN_FIELDS = new Set([
  'x-amz-acl',
  'x-amz-bucket-object-lock-enabled',
  'x-amz-bypass-governance-retention',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-mode',
  'x-amz-checksum-type',
  'x-amz-confirm-remove-self-bucket-access',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-copy-source-range',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expected-bucket-owner',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-id-2',
  'x-amz-if-match-initiated-time',
  'x-amz-if-match-last-modified-time',
  'x-amz-if-match-size',
  'x-amz-max-parts',
  'x-amz-metadata-directive',
  'x-amz-mp-object-size',
  'x-amz-object-attributes',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-token',
  'x-amz-object-ownership',
  'x-amz-optional-object-attributes',
  'x-amz-part-number-marker',
  'x-amz-request-payer',
  'x-amz-retry-mode',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-server-side-encryption-context',
  'x-amz-skip-destination-validation',
  'x-amz-source-expected-bucket-owner',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-amz-tagging-directive',
  'x-amz-te',
  'x-amz-trailer',
  'x-amz-transition-default-minimum-object-size',
  'x-amz-user-agent',
  'x-amz-website-redirect-location',
])

const RESOURCES = { service: 'SERVICE', bucket: 'BUCKET', object: 'OBJECT' } as const

/** Values and their families are checked where they are read. */
const KNOWN_PREFIXES = ['x-amz-meta-', 'x-amz-checksum-']

/**
 * Finds the operation that a request asks for.
 * @throws S3Error NotImplemented, naming what is not on the lists; MethodNotAllowed
 */
export function route(
  operations: readonly Operation[],
  method: string,
  place: Place,
  query: Query,
  headers: Headers,
): Operation {
  for (const [name] of headers.pairs) checkField(name)
  checkMistakes(method, place, query, headers)
  const here = operations.filter(operation => operation.method === method && operation.on === place.kind)
  const [operation] = here
    .filter(({ selector }) => selects(selector, query, headers))
    .sort((a, b) => weight(b) - weight(a))
  if (!operation) {
    if (query.pairs.length === 0 || here.length === 0) throw methodNotAllowed(method, RESOURCES[place.kind])
    throw notImplemented(`${method} of a ${place.kind} with ${query.pairs.map(([name]) => name).join(', ')}`)
  }
  const known = new Set([...(operation.selector?.query ?? []), ...(operation.query ?? [])])
  for (const [name] of query.pairs) if (!known.has(name)) checkParameter(name, operation)
  return operation
}

function selects(selector: Operation['selector'], query: Query, headers: Headers): boolean {
  if (!selector) return true
  if (selector.header && headers.get(selector.header) === undefined) return false
  return (selector.query ?? []).every(name => query.has(name))
}

const weight = ({ selector }: Operation) => (selector?.query?.length ?? 0) + (selector?.header ? 1 : 0)

function checkField(name: string): void {
  if (!name.startsWith('x-amz-') || KNOWN_FIELDS.has(name)) return
  if (KNOWN_PREFIXES.some(prefix => name.startsWith(prefix))) return
  throw notImplemented(`The header ${name}`)
}

/** S3 leaves parameters out of account that begin with `x-` and are not its own. */
function checkParameter(name: string, operation: Operation): void {
  if (COMMON_QUERY.has(name)) return
  const lower = name.toLowerCase()
  if (lower.startsWith('x-amz-')) checkField(lower)
  else if (!lower.startsWith('x-')) throw notImplemented(`The query parameter ${name} of ${operation.name}`)
}
