import type { ChecksumKind } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { refuse } from '../refusals.ts'
import { idOfName, mayBeForeign, NULL_VERSION, nameOfId } from '../version-id.ts'
import type { BucketRow } from './find-bucket.ts'
import { freePieces } from './pieces.ts'

export interface VersionRow {
  readonly id: number
  readonly bucket: number
  readonly key: Uint8Array
  readonly is_null: number
  readonly current: number
  /** 1: a delete marker, not an object. */
  readonly marker: number
  readonly modified: number
  readonly length: number
  readonly etag: string
  readonly storage_class: string | null
  readonly checksum_algorithm: string | null
  readonly checksum_type: ChecksumKind['type'] | null
  readonly metadata: string
  readonly content_disposition: string | null
  readonly tags: string | null
  readonly lock_mode: 'GOVERNANCE' | 'COMPLIANCE' | null
  readonly lock_until: number | null
  readonly legal_hold: number | null
}

/** The newest version or delete marker of a key. */
export function findCurrent(sql: Sql, bucket: number, key: Uint8Array): VersionRow | undefined {
  return sql.get`SELECT * FROM version WHERE bucket = ${bucket} AND key = ${key}
    ORDER BY id DESC LIMIT 1` as VersionRow | undefined
}

/** One version or delete marker by its name. @throws StoreError `InvalidArgument` where the name is none */
export function findNamed(
  sql: Sql,
  bucket: number,
  key: Uint8Array,
  versionId: string,
): VersionRow | undefined {
  if (versionId === NULL_VERSION) return findNull(sql, bucket, key)
  if (mayBeForeign(versionId)) return undefined
  const id = idOfName(versionId)
  return sql.get`SELECT * FROM version WHERE id = ${id} AND bucket = ${bucket} AND key = ${key}
    AND is_null = 0` as VersionRow | undefined
}

export function findNull(sql: Sql, bucket: number, key: Uint8Array): VersionRow | undefined {
  return sql.get`SELECT * FROM version WHERE bucket = ${bucket} AND key = ${key} AND is_null = 1
    ORDER BY id DESC LIMIT 1` as VersionRow | undefined
}

/**
 * The object that a request reads or copies.
 * @throws StoreError `NoSuchKey`, `NoSuchVersion`; `MethodNotAllowed` for a delete marker by its name
 *   (Amazon S3 User Guide, "Working with delete markers")
 */
export function findObject(
  sql: Sql,
  bucket: BucketRow,
  key: Uint8Array,
  versionId: string | undefined,
): VersionRow {
  const version =
    versionId === undefined ? findCurrent(sql, bucket.id, key) : findNamed(sql, bucket.id, key, versionId)
  if (version === undefined) throw refuse(versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion')
  if (version.marker) {
    const attributes = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionName(version) }
    throw refuse(versionId === undefined ? 'NoSuchKey' : 'MethodNotAllowed', attributes)
  }
  return version
}

export function versionName(version: Pick<VersionRow, 'id' | 'is_null'>): string {
  return version.is_null ? NULL_VERSION : nameOfId(version.id)
}

/** The version's name as answers carry it: a bucket that never had versioning names none. */
export function shownVersion(
  bucket: BucketRow,
  version: Pick<VersionRow, 'id' | 'is_null'>,
): { 'x-amz-version-id'?: string } {
  return bucket.versioning === null ? {} : { 'x-amz-version-id': versionName(version) }
}

/** Removes a version for good; what came before it becomes current. */
export function removeVersion(sql: Sql, version: VersionRow): void {
  freePieces(sql, version.id)
  sql.run`DELETE FROM version WHERE id = ${version.id}`
  if (version.current)
    sql.run`UPDATE version SET current = 1 WHERE id =
      (SELECT id FROM version WHERE bucket = ${version.bucket} AND key = ${version.key} ORDER BY id DESC LIMIT 1)`
}

/** Makes room for a new current version, as the bucket's versioning says. Returns whether it is the null version. */
export function supersede(sql: Sql, bucket: BucketRow, key: Uint8Array): { isNull: number } {
  if (bucket.versioning !== 'Enabled') {
    const old = findNull(sql, bucket.id, key)
    if (old) removeVersion(sql, old)
  }
  if (bucket.versioning !== null)
    sql.run`UPDATE version SET current = 0 WHERE id =
      (SELECT id FROM version WHERE bucket = ${bucket.id} AND key = ${key} ORDER BY id DESC LIMIT 1)`
  return { isNull: bucket.versioning === 'Enabled' ? 0 : 1 }
}
