import type { Address, Tag } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from './find-bucket.ts'
import { keyBytes, type Transaction } from './transaction.ts'
import { findObject, shownVersion } from './versions.ts'

const OBJECT_TAGS = 10
const BUCKET_TAGS = 50

/** Reads `x-amz-tagging`: `key=value&…`, encoded as a form. @throws StoreError */
export function parseTagging(header: string): Tag[] {
  const tags = [...new URLSearchParams(header)].map(([key, value]) => ({ key, value }))
  return checkTags(tags, OBJECT_TAGS)
}

export function readTags(text: string | null): Tag[] {
  return text === null ? [] : (JSON.parse(text) as Tag[])
}

export function getTags(sql: Sql, at: Address): { tags: Tag[]; versionId?: string } {
  const bucket = findBucket(sql, at.bucket)
  const version = findObject(sql, bucket, keyBytes(at.key), at.versionId)
  return { tags: readTags(version.tags), ...versionOf(shownVersion(bucket, version)) }
}

export function putTags(
  { sql }: Transaction,
  { at, tags }: { at: Address; tags: readonly Tag[] },
): { versionId?: string } {
  const bucket = findBucket(sql, at.bucket)
  const version = findObject(sql, bucket, keyBytes(at.key), at.versionId)
  const text = tags.length === 0 ? null : JSON.stringify(checkTags(tags, OBJECT_TAGS))
  sql.run`UPDATE version SET tags = ${text} WHERE id = ${version.id}`
  return versionOf(shownVersion(bucket, version))
}

/** @throws StoreError `NoSuchTagSet` */
export function getBucketTags(sql: Sql, name: string): Tag[] {
  const { tags } = findBucket(sql, name)
  if (tags === null) throw refuse('NoSuchTagSet')
  return readTags(tags)
}

/** No tags: the bucket has no tag set any more. */
export function putBucketTags(
  { sql }: Transaction,
  { name, tags }: { name: string; tags: readonly Tag[] },
): void {
  const bucket = findBucket(sql, name)
  const text = tags.length === 0 ? null : JSON.stringify(checkTags(tags, BUCKET_TAGS))
  sql.run`UPDATE bucket SET tags = ${text} WHERE id = ${bucket.id}`
}

/** Amazon S3 User Guide, "Categorizing your objects using tags": how many, how long, each key once. */
function checkTags<T extends readonly Tag[]>(tags: T, most: number): T {
  if (tags.length > most) throw refuse('BadRequest')
  const keys = new Set<string>()
  for (const { key, value } of tags) {
    if (key.length === 0 || key.length > 128 || value.length > 256) throw refuse('InvalidTag')
    if (!isTagText(key) || !isTagText(value)) throw refuse('InvalidTag')
    keys.add(key)
  }
  if (keys.size !== tags.length) throw refuse('InvalidTag')
  return tags
}

/** Letters, spaces and numbers of any script, and + - = . _ : / @ */
function isTagText(text: string): boolean {
  return /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text)
}

function versionOf(shown: { 'x-amz-version-id'?: string }): { versionId?: string } {
  const versionId = shown['x-amz-version-id']
  return versionId === undefined ? {} : { versionId }
}
