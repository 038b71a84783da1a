import type { Headers } from '../../wire/exchange.ts'
import { type RefusalReason, StoreError, StoreUnavailable } from '../errors.ts'
import { OBJECT_ATTRIBUTES } from '../store.ts'
import { readXml } from './xml.ts'
import type { XmlElement } from './xml-element.ts'

/** An answer whose body was read whole. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** What a 404 without a body speaks of. */
export type Missing = 'NoSuchKey' | 'NoSuchBucket'

/** Larger error documents are not read: S3's hold a few hundred bytes. */
export const MAX_ERROR_BODY = 64 * 1024

/** These speak of our account at the store, never of the client's, who would look for the fault at home. */
const ABOUT_OUR_CREDENTIAL = new Set([
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidSecurity',
  'InvalidToken',
  'NotSignedUp',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
])

/** These speak of the bytes between us and the store; the client's own were verified before. */
const ABOUT_OUR_BODY = new Set([
  'BadDigest',
  'IncompleteBody',
  'InvalidChunkSizeError',
  'InvalidDigest',
  'MalformedTrailerError',
  'MissingContentLength',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
])

const SLOW_DOWN = new Set(['SlowDown', 'ReduceYourRate', 'TooManyRequests', 'RequestLimitExceeded'])

/** What a status means where no code came with it: to HEAD there is no body. */
const BY_STATUS: Readonly<Record<number, string>> = {
  304: 'NotModified',
  400: 'InvalidRequest',
  403: 'AccessDenied',
  405: 'MethodNotAllowed',
  409: 'OperationAborted',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  501: 'NotImplemented',
}

/** Statuses of codes that came inside a 200, where Complete and Copy may fail; all else is 400. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  ConditionalRequestConflict: 409,
  InternalError: 500,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  PreconditionFailed: 412,
  ServiceUnavailable: 503,
  SlowDown: 503,
}

/** What an answer other than success means, in our words. */
export function refusal(answer: Answer, missing: Missing): StoreError | StoreUnavailable {
  const { status, headers } = answer
  if (status >= 300 && status < 400 && status !== 304)
    return new StoreUnavailable('redirect', 'it answered with a redirect, which is never followed')
  if (status < 300) return new StoreUnavailable('protocol', `it answered with status ${status}`)
  const error = readError(answer.body)
  const code = error.code ?? (status === 404 ? missing : BY_STATUS[status])
  return judge(code, status, headers, error.reason)
}

/**
 * The document of an answer to Copy or Complete. The store begins with 200 and white space to keep the
 * connection alive, and may find only then that it must refuse.
 * @throws StoreError, StoreUnavailable
 */
export function readWorkDone({ body, headers }: Answer): XmlElement {
  const root = readXml(body)
  if (root.name !== 'Error') return root
  const code = codeIn(root) ?? 'InternalError'
  throw judge(code, STATUS_BY_CODE[code] ?? 400, headers, reasonIn(root))
}

function judge(
  code: string | undefined,
  status: number,
  headers: Headers,
  reason: RefusalReason | undefined,
): StoreError | StoreUnavailable {
  if (status === 429 || (code !== undefined && SLOW_DOWN.has(code)))
    return new StoreUnavailable('slow-down', 'it asks for fewer requests', retryAfter(headers))
  if (status === 503 || (status >= 500 && code === undefined))
    return new StoreUnavailable('unreachable', `it answered with status ${status}`, retryAfter(headers))
  if (code === undefined)
    return new StoreUnavailable('protocol', `it answered with status ${status} and no error code`)
  if (ABOUT_OUR_CREDENTIAL.has(code))
    return new StoreUnavailable('credential', `it does not take the credential we have for it (${code})`)
  if (ABOUT_OUR_BODY.has(code))
    return new StoreUnavailable('protocol', `our bytes did not reach it as they were sent (${code})`)
  return new StoreError(code, status, attributesOfRefusal(headers), reason)
}

/** What an error document says; nothing where there is none that can be trusted to be one. */
function readError(body: Uint8Array): { code?: string | undefined; reason?: RefusalReason | undefined } {
  if (body.length === 0 || body.length > MAX_ERROR_BODY) return {}
  try {
    const root = readXml(body)
    return { code: codeIn(root), reason: reasonIn(root) }
  } catch {
    return {}
  }
}

function codeIn(root: XmlElement): string | undefined {
  const code = root.name === 'Error' ? root.optional('Code')?.text : undefined
  return code !== undefined && /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : undefined
}

/** Sentences of S3's that say more than the code beside them. No other text of the store is kept. */
const POLICY_REASONS = {
  'Invalid principal in policy': 'policy-principal',
  'Policy has invalid resource': 'policy-resource',
  'Action does not apply to any resource(s) in statement': 'policy-action',
} as const
const EXPLICIT_DENY =
  / is not authorized to perform: (s3:[A-Za-z]{1,50}) on resource: .* with an explicit deny in a resource-based policy$/

function reasonIn(root: XmlElement): RefusalReason | undefined {
  const sentence = root.optional('Message')?.text ?? ''
  const [, action] = EXPLICIT_DENY.exec(sentence) ?? []
  if (action !== undefined) return { kind: 'explicit-deny', action }
  if (!Object.hasOwn(POLICY_REASONS, sentence)) return undefined
  return { kind: POLICY_REASONS[sentence as keyof typeof POLICY_REASONS] }
}

const ATTRIBUTES = [...OBJECT_ATTRIBUTES, 'etag', 'last-modified'] as const

function attributesOfRefusal(headers: Headers): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const name of ATTRIBUTES) {
    const value = headers.get(name)
    if (value !== undefined) attributes[name] = name === 'etag' ? value.replaceAll('"', '') : value
  }
  return attributes
}

/** Seconds, where the store gave them as a number (RFC 9110 10.2.3); at most an hour. */
function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  return value !== undefined && /^\d{1,6}$/.test(value) ? Math.min(Number(value), 3600) : undefined
}
