import type { DefaultRetention, LockConfiguration, Retention, RetentionMode } from '../../lock.ts'
import type { Address, NewObject } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { refuse } from '../refusals.ts'
import { type BucketRow, findBucket } from './find-bucket.ts'
import { keyBytes, type Transaction } from './transaction.ts'
import { findObject, type VersionRow } from './versions.ts'

const DAY = 86_400_000

interface RetentionTime {
  readonly mode: RetentionMode
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Whether a version may not be deleted now. */
export function isLocked(version: VersionRow, now: number, bypassGovernance: boolean): boolean {
  if (version.legal_hold) return true
  if (version.lock_until === null || version.lock_until <= now) return false
  return version.lock_mode !== 'GOVERNANCE' || !bypassGovernance
}

/** Reads the retention that a request names for its new object. */
export function parseRetention(
  settings: NewObject['settings'],
  bucket: BucketRow,
  now: number,
): RetentionTime | undefined {
  const mode = settings['x-amz-object-lock-mode']
  const date = settings['x-amz-object-lock-retain-until-date']
  if (mode === undefined && date === undefined) return undefined
  if (!bucket.object_lock) throw refuse('InvalidRequest')
  if (mode === undefined || date === undefined) throw refuse('InvalidArgument')
  return checkRetention({ mode: mode as RetentionMode, until: new Date(date) }, now)
}

export function defaultRetention(bucket: BucketRow, now: number): RetentionTime | undefined {
  if (bucket.default_retention === null) return undefined
  const { mode, period } = JSON.parse(bucket.default_retention) as DefaultRetention
  const until = new Date(now)
  if ('days' in period) until.setTime(now + period.days * DAY)
  else until.setUTCFullYear(until.getUTCFullYear() + period.years)
  return { mode, until: until.getTime() }
}

/** @throws StoreError `ObjectLockConfigurationNotFoundError` */
export function getLockConfiguration(sql: Sql, name: string): LockConfiguration {
  const bucket = findBucket(sql, name)
  if (!bucket.object_lock) throw refuse('ObjectLockConfigurationNotFoundError')
  if (bucket.default_retention === null) return {}
  return { defaultRetention: JSON.parse(bucket.default_retention) as DefaultRetention }
}

/** Object lock can be switched on for a bucket that has versioning, and never off. */
export function putLockConfiguration(
  { sql }: Transaction,
  { name, configuration }: { name: string; configuration: LockConfiguration },
): void {
  const bucket = findBucket(sql, name)
  if (bucket.versioning !== 'Enabled') throw refuse('InvalidBucketState')
  const retention = configuration.defaultRetention
  if (retention) {
    const { mode, period } = retention
    const length = 'days' in period ? period.days : period.years
    const longest = 'days' in period ? 36_500 : 100
    if (!isMode(mode)) throw refuse('MalformedXML')
    if (!Number.isInteger(length) || length < 1 || length > longest) throw refuse('InvalidArgument')
  }
  sql.run`UPDATE bucket SET object_lock = 1,
    default_retention = ${retention ? JSON.stringify(retention) : null} WHERE id = ${bucket.id}`
}

export function getRetention(sql: Sql, at: Address): Retention {
  const { lock_mode, lock_until } = findLockable(sql, at)
  if (lock_mode === null || lock_until === null) throw refuse('NoSuchObjectLockConfiguration')
  return { mode: lock_mode, until: new Date(lock_until) }
}

/**
 * A lock may always be made longer. Shorter, weaker or away: never under COMPLIANCE, under GOVERNANCE with a bypass
 * (Amazon S3 User Guide, "Object Lock considerations").
 */
export function putRetention(
  { sql, now }: Transaction,
  {
    at,
    retention,
    bypassGovernance,
  }: { at: Address; retention: Retention | undefined; bypassGovernance: boolean },
): void {
  const version = findLockable(sql, at)
  if (retention && !isMode(retention.mode)) throw refuse('MalformedXML')
  const wanted = retention && checkRetention(retention, now)
  const { lock_mode, lock_until } = version
  if (lock_mode !== null && lock_until !== null && lock_until > now) {
    const longer = wanted !== undefined && wanted.mode === lock_mode && wanted.until >= lock_until
    const allowed = longer || (lock_mode === 'GOVERNANCE' && bypassGovernance)
    if (!allowed) throw refuse('AccessDenied')
  }
  sql.run`UPDATE version SET lock_mode = ${wanted?.mode ?? null}, lock_until = ${wanted?.until ?? null}
    WHERE id = ${version.id}`
}

export function getLegalHold(sql: Sql, at: Address): boolean {
  const { legal_hold } = findLockable(sql, at)
  if (legal_hold === null) throw refuse('NoSuchObjectLockConfiguration')
  return legal_hold === 1
}

export function putLegalHold({ sql }: Transaction, { at, held }: { at: Address; held: boolean }): void {
  const version = findLockable(sql, at)
  sql.run`UPDATE version SET legal_hold = ${held ? 1 : 0} WHERE id = ${version.id}`
}

function findLockable(sql: Sql, at: Address): VersionRow {
  const bucket = findBucket(sql, at.bucket)
  const version = findObject(sql, bucket, keyBytes(at.key), at.versionId)
  if (!bucket.object_lock) throw refuse('InvalidRequest')
  return version
}

function checkRetention({ mode, until }: Retention, now: number): RetentionTime {
  if (!isMode(mode) || !(until.getTime() > now)) throw refuse('InvalidArgument')
  return { mode, until: until.getTime() }
}

function isMode(mode: string): mode is RetentionMode {
  return mode === 'GOVERNANCE' || mode === 'COMPLIANCE'
}
