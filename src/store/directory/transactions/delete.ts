import { StoreError } from '../../errors.ts'
import type { Address, DeleteConditions, Deleted, DeleteOutcome, ObjectToDelete } from '../../store.ts'
import { checkDelete } from '../conditions.ts'
import { refuse } from '../refusals.ts'
import { type BucketRow, findBucket } from './find-bucket.ts'
import { isLocked } from './retention.ts'
import { keyBytes, newKey, nextId, type Transaction } from './transaction.ts'
import { findCurrent, findNamed, removeVersion, supersede, versionName } from './versions.ts'

export function deleteObject(
  tx: Transaction,
  { at, conditions }: { at: Address; conditions: DeleteConditions },
): Deleted {
  return remove(tx, findBucket(tx.sql, at.bucket), at, conditions)
}

/** DeleteObjects: each object on its own, the refusals among the answers. */
export function deleteObjects(
  tx: Transaction,
  {
    name,
    objects,
    bypassGovernance,
  }: {
    name: string
    objects: readonly ObjectToDelete[]
    bypassGovernance: boolean
  },
): DeleteOutcome[] {
  const bucket = findBucket(tx.sql, name)
  return objects.map(object => {
    const { key, versionId } = object
    const named = versionId === undefined ? { key } : { key, versionId }
    try {
      const deleted = remove(tx, bucket, object, { bypassGovernance, ...object.conditions })
      const marker = deleted.deleteMarker && deleted.versionId
      return {
        ...named,
        deleteMarker: deleted.deleteMarker,
        ...(marker && { deleteMarkerVersionId: marker }),
      }
    } catch (error) {
      if (error instanceof StoreError) return { ...named, error: error.code }
      throw error
    }
  })
}

/**
 * Without a version id a bucket with versioning gets a delete marker; with one that version is gone for good.
 * What is not there counts as deleted (Amazon S3 User Guide, "Deleting object versions from a
 * versioning-enabled bucket").
 */
function remove(
  tx: Transaction,
  bucket: BucketRow,
  { key: name, versionId }: { key: string; versionId?: string },
  conditions: DeleteConditions,
): Deleted {
  const { sql, now } = tx
  const key = keyBytes(name)
  if (versionId !== undefined || bucket.versioning === null) {
    const target =
      versionId === undefined ? findCurrent(sql, bucket.id, key) : findNamed(sql, bucket.id, key, versionId)
    checkDelete(conditions, target)
    if (target) {
      if (isLocked(target, now, conditions.bypassGovernance ?? false)) throw refuse('AccessDenied')
      removeVersion(sql, target)
    }
    return { deleteMarker: target?.marker === 1, ...(versionId !== undefined && { versionId }) }
  }
  checkDelete(conditions, findCurrent(sql, bucket.id, key))
  return { deleteMarker: true, versionId: addMarker(tx, bucket, newKey(name)) }
}

/** Puts a delete marker on top of a key. Returns its version's name. */
export function addMarker({ sql, now }: Transaction, bucket: BucketRow, key: Uint8Array): string {
  const id = nextId(sql)
  const { isNull } = supersede(sql, bucket, key)
  sql.run`INSERT INTO version (id, bucket, key, is_null, current, marker, modified, length, etag, metadata)
    VALUES (${id}, ${bucket.id}, ${key}, ${isNull}, 1, 1, ${now}, 0, '', '{}')`
  return versionName({ id, is_null: isNull })
}
