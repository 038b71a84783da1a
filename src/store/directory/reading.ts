import type { Attributes, StoredHead, StoreRange } from '../store.ts'
import { shownExpiry } from './lifecycle/shown.ts'
import { refuse } from './refusals.ts'
import type { BucketRow } from './transactions/find-bucket.ts'
import { readTags } from './transactions/tags.ts'
import { shownVersion, type VersionRow } from './transactions/versions.ts'

/** What GET and HEAD say of an object. */
export function headOf(bucket: BucketRow, version: VersionRow): StoredHead {
  const { length, etag, modified, metadata, content_disposition } = version
  return {
    length,
    etag,
    lastModified: new Date(modified),
    metadata: JSON.parse(metadata) as Record<string, string>,
    ...(content_disposition !== null && { contentDisposition: content_disposition }),
    attributes: attributesOf(bucket, version),
  }
}

function attributesOf(bucket: BucketRow, version: VersionRow): Attributes {
  const { tags, storage_class, lock_mode, lock_until, legal_hold } = version
  return {
    ...shownVersion(bucket, version),
    ...shownExpiry(bucket, version),
    ...(tags !== null && { 'x-amz-tagging-count': String(readTags(tags).length) }),
    ...(storage_class !== null && { 'x-amz-storage-class': storage_class }),
    ...(lock_mode !== null && { 'x-amz-object-lock-mode': lock_mode }),
    ...(lock_until !== null && {
      'x-amz-object-lock-retain-until-date': new Date(lock_until).toISOString(),
    }),
    ...(legal_hold !== null && { 'x-amz-object-lock-legal-hold': legal_hold ? 'ON' : 'OFF' }),
  }
}

/** The bytes that a range means of an object of `length` bytes. @throws StoreError `InvalidRange` (RFC 9110 14.1.2) */
export function resolveRange(range: StoreRange | undefined, length: number): { first: number; last: number } {
  if (range === undefined) return { first: 0, last: length - 1 }
  const first = 'suffix' in range ? Math.max(0, length - range.suffix) : range.first
  const last = 'suffix' in range ? length - 1 : Math.min(range.last ?? length - 1, length - 1)
  if (first > last || first >= length) throw refuse('InvalidRange')
  return { first, last }
}
