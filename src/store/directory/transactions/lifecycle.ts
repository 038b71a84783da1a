import type { LifecycleRule } from '../../lifecycle.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { checkRules } from '../lifecycle/check.ts'
import { readRules } from '../lifecycle/rules.ts'
import { refuse } from '../refusals.ts'
import { addMarker } from './delete.ts'
import { type BucketRow, findBucket } from './find-bucket.ts'
import { isLocked } from './retention.ts'
import type { Transaction } from './transaction.ts'
import { freeUpload } from './uploads.ts'
import { removeVersion, type VersionRow } from './versions.ts'

/** @throws StoreError `NoSuchLifecycleConfiguration` */
export function getLifecycle(sql: Sql, name: string): LifecycleRule[] {
  const { lifecycle } = findBucket(sql, name)
  if (lifecycle === null) throw refuse('NoSuchLifecycleConfiguration')
  return readRules(lifecycle)
}

export function putLifecycle(
  { sql }: Transaction,
  { name, rules }: { name: string; rules: readonly LifecycleRule[] },
): void {
  const bucket = findBucket(sql, name)
  sql.run`UPDATE bucket SET lifecycle = ${JSON.stringify(checkRules(rules))} WHERE id = ${bucket.id}`
}

export function deleteLifecycle({ sql }: Transaction, { name }: { name: string }): void {
  sql.run`UPDATE bucket SET lifecycle = NULL WHERE id = ${findBucket(sql, name).id}`
}

/** A version that a rule ends, and as what it was found. What it is no more, is left alone. */
export interface Ending {
  readonly id: number
  readonly as: 'current' | 'noncurrent' | 'lone marker'
}

/** Returns how many were ended. */
export function endVersions(
  tx: Transaction,
  { endings, now }: { endings: readonly Ending[]; now: number },
): number {
  return endings.filter(ending => endVersion({ ...tx, now }, ending)).length
}

function endVersion(tx: Transaction, { id, as }: Ending): boolean {
  const { sql, now } = tx
  const version = sql.get`SELECT * FROM version WHERE id = ${id}` as VersionRow | undefined
  if (version === undefined) return false
  if (as === 'current') {
    if (!version.current || version.marker) return false
    const bucket = sql.get`SELECT * FROM bucket WHERE id = ${version.bucket}` as unknown as BucketRow
    if (bucket.versioning === null) removeVersion(sql, version)
    else addMarker(tx, bucket, version.key)
    return true
  }
  const alone = !sql.get`SELECT 1 FROM version
    WHERE bucket = ${version.bucket} AND key = ${version.key} AND id <> ${id}`
  const still = as === 'noncurrent' ? !version.current : version.current && version.marker && alone
  if (!still || isLocked(version, now, false)) return false
  removeVersion(sql, version)
  return true
}

export function endUpload({ sql }: Transaction, { id }: { id: number }): void {
  freeUpload(sql, id)
}
