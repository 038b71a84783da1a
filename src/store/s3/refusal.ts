import type { Headers } from '../../wire/exchange.ts'
import { StoreError, StoreUnavailable } from '../errors.ts'
import { OBJECT_ATTRIBUTES } from '../store.ts'
import { readXml, type XmlElement } from './xml.ts'

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
  const code = readCode(answer.body) ?? (status === 404 ? missing : BY_STATUS[status])
  return judge(code, status, headers)
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
  throw judge(code, STATUS_BY_CODE[code] ?? 400, headers)
}

function judge(code: string | undefined, status: number, headers: Headers): StoreError | StoreUnavailable {
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
  return new StoreError(code, status, attributesOfRefusal(headers))
}

/** The code of an error document, or `undefined` where there is none that can be trusted to be one. */
function readCode(body: Uint8Array): string | undefined {
  if (body.length === 0 || body.length > MAX_ERROR_BODY) return undefined
  try {
    return codeIn(readXml(body))
  } catch {
    return undefined
  }
}

function codeIn(root: XmlElement): string | undefined {
  const code = root.name === 'Error' ? root.optional('Code')?.text : undefined
  return code !== undefined && /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : undefined
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
