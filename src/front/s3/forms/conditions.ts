import type { DeleteConditions, ReadConditions, WriteConditions } from '../../../store/store.ts'
import type { Headers } from '../../../wire/exchange.ts'
import { S3Error } from '../errors.ts'
import { readETag } from './etag.ts'
import { readCount } from './numbers.ts'
import { readHttpDate } from './times.ts'

/**
 * Conditions on what is read (RFC 9110 13.1). A date that is none is no condition.
 * @param prefix `x-amz-copy-source-` for the source of a copy
 */
export function readConditions(headers: Headers, prefix = ''): ReadConditions {
  const ifMatch = readETag(headers.get(`${prefix}if-match`))
  const ifNoneMatch = readETag(headers.get(`${prefix}if-none-match`))
  const ifModifiedSince = date(headers.get(`${prefix}if-modified-since`))
  const ifUnmodifiedSince = date(headers.get(`${prefix}if-unmodified-since`))
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    ...(ifModifiedSince && { ifModifiedSince }),
    ...(ifUnmodifiedSince && { ifUnmodifiedSince }),
  }
}

const date = (value: string | undefined) => (value === undefined ? undefined : readHttpDate(value))

/**
 * Conditions on what is written. S3 takes one of the two, and `If-None-Match` with `*` alone ("Conditional
 * writes", Amazon S3 User Guide; the code as versitygw's suite expects it).
 * @throws S3Error NotImplemented
 */
export function writeConditions(headers: Headers): WriteConditions {
  const ifMatch = readETag(headers.get('if-match'))
  const ifNoneMatch = readETag(headers.get('if-none-match'))
  if (ifNoneMatch !== undefined && (ifNoneMatch !== '*' || ifMatch !== undefined))
    throw new S3Error('NotImplemented')
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
  }
}

export function deleteConditions(headers: Headers): DeleteConditions {
  const ifMatch = readETag(headers.get('if-match'))
  const ifMatchLastModified = headers.get('x-amz-if-match-last-modified-time')
  const ifMatchSize = readCount(headers.get('x-amz-if-match-size'))
  return {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifMatchLastModified !== undefined && { ifMatchLastModified }),
    ...(ifMatchSize !== undefined && { ifMatchSize }),
    ...(bypassesGovernance(headers) && { bypassGovernance: true }),
  }
}

export const bypassesGovernance = (headers: Headers): boolean =>
  headers.get('x-amz-bypass-governance-retention')?.toLowerCase() === 'true'
