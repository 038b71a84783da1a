import type { BucketRow } from '../transactions/find-bucket.ts'
import { type Ageing, expiryOf, readRules } from './rules.ts'

/** `x-amz-expiration` of a current object (Amazon S3 API Reference, GetObject). */
export function shownExpiry(
  bucket: BucketRow,
  object: Ageing & { current: number },
): { 'x-amz-expiration'?: string } {
  if (bucket.lifecycle === null || !object.current) return {}
  const expiry = expiryOf(readRules(bucket.lifecycle), object)
  if (expiry === undefined) return {}
  const { time, rule } = expiry
  const id = encodeURIComponent(rule.id ?? '')
  return { 'x-amz-expiration': `expiry-date="${new Date(time).toUTCString()}", rule-id="${id}"` }
}
