import type { BucketSettings, Versioning } from '../../store.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from './find-bucket.ts'
import { nextId, type Transaction } from './transaction.ts'
import { freeUpload } from './uploads.ts'

/** Headers of CreateBucket that ask for what this store does anyhow: every bucket is its owner's alone. */
const GRANTED: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private'],
  'x-amz-object-ownership': ['BucketOwnerEnforced'],
}

export function createBucket(
  { sql, now }: Transaction,
  { name, settings }: { name: string; settings: BucketSettings },
): void {
  if (!isBucketName(name)) throw refuse('InvalidBucketName')
  for (const [header, value] of Object.entries(settings.headers ?? {}))
    if (!GRANTED[header]?.includes(value)) throw refuse('NotImplemented')
  if (sql.get`SELECT 1 FROM bucket WHERE name = ${name}`) throw refuse('BucketAlreadyOwnedByYou')
  const lock = settings.objectLock ? 1 : 0
  sql.run`INSERT INTO bucket (id, name, created, versioning, object_lock)
    VALUES (${nextId(sql)}, ${name}, ${now}, ${lock ? 'Enabled' : null}, ${lock})`
}

/** Uploads in progress end with their bucket; versions and delete markers keep it. */
export function deleteBucket({ sql }: Transaction, { name }: { name: string }): void {
  const bucket = findBucket(sql, name)
  if (sql.get`SELECT 1 FROM version WHERE bucket = ${bucket.id} LIMIT 1`) throw refuse('BucketNotEmpty')
  for (const upload of sql.all`SELECT id FROM upload WHERE bucket = ${bucket.id}`)
    freeUpload(sql, upload['id'] as number)
  sql.run`DELETE FROM document WHERE bucket = ${bucket.id}`
  sql.run`DELETE FROM bucket WHERE id = ${bucket.id}`
}

export function putVersioning(
  { sql }: Transaction,
  { name, state }: { name: string; state: Versioning },
): void {
  const bucket = findBucket(sql, name)
  if (state === 'Suspended' && bucket.object_lock) throw refuse('InvalidBucketState')
  sql.run`UPDATE bucket SET versioning = ${state} WHERE id = ${bucket.id}`
}

/** Amazon S3 User Guide, "General purpose bucket naming rules": what a name is made of. */
function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^(\d+\.){3}\d+$/.test(name)
  )
}
