import { S3Error } from '../errors.ts'
import type { Query } from '../forms/query.ts'
import { isoTime, readBasicTime } from '../forms/times.ts'
import { ALGORITHM, type GivenSignature } from './authorization.ts'
import { MAX_SKEW, readScope } from './scope.ts'

/** Seven days: the longest that S3 lets a presigned URL live. */
const MAX_EXPIRES = 604_800

export interface Presigned extends GivenSignature {
  /** `X-Amz-Date` as it was signed. */
  readonly time: string
}

/** True where the query claims to authenticate, well or badly. */
export const isPresigned = (query: Query): boolean =>
  query.pairs.some(
    ([name]) => name === 'X-Amz-Algorithm' || name === 'X-Amz-Credential' || name === 'X-Amz-Signature',
  )

/**
 * SigV2 is refused by name, before its parameters are held against the lists of operations.
 * @throws S3Error InvalidRequest
 */
export function checkVersion(query: Query): void {
  if (query.has('AWSAccessKeyId'))
    throw new S3Error(
      'InvalidRequest',
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    )
}

/**
 * Reads the query of a presigned URL ("Authenticating Requests: Using Query Parameters", Amazon S3 API
 * Reference) and its time of validity.
 * @throws S3Error AuthorizationQueryParametersError, AccessDenied where it has ended or not begun
 */
export function readPresigned(query: Query, region: string, now: Date): Presigned {
  const [algorithm, credential, time, expires, signedHeaders, signature] = [
    'Algorithm',
    'Credential',
    'Date',
    'Expires',
    'SignedHeaders',
    'Signature',
  ].map(name => query.get(`X-Amz-${name}`) ?? '')
  if (!(algorithm && credential && time && expires && signedHeaders && signature))
    throw refused(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  if (algorithm === 'AWS4-ECDSA-P256-SHA256')
    throw refused('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  if (algorithm !== ALGORITHM)
    throw refused('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
  const scope = readScope(credential, region, why =>
    refused(`Error parsing the X-Amz-Credential parameter; ${why}`),
  )
  const begins = readBasicTime(time)
  if (!begins) throw refused("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  if (time.slice(0, 8) !== scope.day)
    throw refused(
      `Invalid credential date "${scope.day}". This date is not the same as X-Amz-Date: "${time.slice(0, 8)}".`,
    )
  checkValidity(begins, expires, now)
  return { scope, signedHeaders: signedHeaders.toLowerCase().split(';'), signature, time }
}

function checkValidity(begins: Date, expires: string, now: Date): void {
  if (!/^-?\d{1,15}$/.test(expires)) throw refused('X-Amz-Expires should be a number')
  const seconds = Number(expires)
  if (seconds < 0) throw refused('X-Amz-Expires must be non-negative')
  if (seconds > MAX_EXPIRES)
    throw refused(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  if (begins.getTime() > now.getTime() + MAX_SKEW)
    throw new S3Error('AccessDenied', 'Request is not valid yet.')
  const ends = new Date(begins.getTime() + seconds * 1000)
  if (now > ends)
    throw new S3Error('AccessDenied', 'Request has expired.', {
      details: { 'X-Amz-Expires': seconds, Expires: isoTime(ends), ServerTime: isoTime(now) },
    })
}

const refused = (why: string) => new S3Error('AuthorizationQueryParametersError', why)
