import type { Address, CopyConditions, NewObject, Published, WriteConditions } from '../../store.ts'
import { checkCopySource, checkWrite } from '../conditions.ts'
import { newEtag } from '../etag.ts'
import { shownExpiry } from '../lifecycle/shown.ts'
import { type BucketRow, findBucket } from './find-bucket.ts'
import { addPieces, findPieces, type Piece } from './pieces.ts'
import { readSettings, type VersionSettings } from './settings.ts'
import { keyBytes, newKey, nextId, type Transaction } from './transaction.ts'
import { findCurrent, findObject, shownVersion, supersede } from './versions.ts'

/** Publishes an object whose payload lies on the disk. */
export function putObject(
  tx: Transaction,
  {
    at,
    object,
    file,
    length,
    conditions,
  }: {
    at: Address
    object: NewObject
    /** The payload file; absent for an empty object. */
    file: number | undefined
    length: number
    conditions: WriteConditions
  },
): Published {
  const bucket = findBucket(tx.sql, at.bucket)
  const settings = readSettings(bucket, object, tx.now)
  const pieces = file === undefined ? [] : [{ file, first: 0, length }]
  return publish(
    tx,
    bucket,
    newKey(at.key),
    settings,
    length,
    conditions,
    id => void addPieces(tx.sql, id, pieces),
  )
}

/** Copies an object without copying its payload: both versions name the same files. */
export function copyObject(
  tx: Transaction,
  {
    from,
    to,
    object,
    conditions,
  }: { from: Address; to: Address; object: NewObject; conditions: CopyConditions },
): Published {
  const { sql, now } = tx
  const sourceBucket = findBucket(sql, from.bucket)
  const bucket = findBucket(sql, to.bucket)
  const source = findObject(sql, sourceBucket, keyBytes(from.key), from.versionId)
  checkCopySource(conditions, source)
  const settings = readSettings(bucket, object, now)
  const replaceTags = object.settings['x-amz-tagging-directive'] === 'REPLACE'
  const kept = replaceTags ? settings : { ...settings, tags: source.tags }
  const pieces: Piece[] = source.length === 0 ? [] : findPieces(sql, source.id, 0, source.length - 1)
  const published = publish(
    tx,
    bucket,
    newKey(to.key),
    kept,
    source.length,
    conditions.destination ?? {},
    id => void addPieces(sql, id, pieces),
  )
  const copied = shownVersion(sourceBucket, source)['x-amz-version-id']
  const attributes = copied === undefined ? {} : { 'x-amz-copy-source-version-id': copied }
  return { ...published, attributes: { ...published.attributes, ...attributes } }
}

/**
 * Makes a new current version. `give` hands the payload's pieces to the id it is called with, before anything
 * old is removed, so that no file both share becomes garbage.
 */
export function publish(
  { sql, now }: Transaction,
  bucket: BucketRow,
  key: Uint8Array,
  settings: VersionSettings,
  length: number,
  conditions: WriteConditions,
  give: (id: number) => void,
): Published {
  checkWrite(conditions, findCurrent(sql, bucket.id, key))
  const id = nextId(sql)
  give(id)
  const { isNull } = supersede(sql, bucket, key)
  const etag = newEtag()
  sql.run`INSERT INTO version (id, bucket, key, is_null, current, marker, modified, length, etag, storage_class,
      checksum_algorithm, checksum_type, metadata, content_disposition, tags, lock_mode, lock_until, legal_hold)
    VALUES (${id}, ${bucket.id}, ${key}, ${isNull}, 1, 0, ${now}, ${length}, ${etag}, ${settings.storageClass},
      ${settings.checksumAlgorithm}, ${settings.checksumType}, ${settings.metadata},
      ${settings.contentDisposition}, ${settings.tags}, ${settings.lockMode}, ${settings.lockUntil},
      ${settings.legalHold})`
  const expiry = shownExpiry(bucket, {
    key,
    marker: 0,
    current: 1,
    modified: now,
    length,
    tags: settings.tags,
  })
  const attributes = { ...shownVersion(bucket, { id, is_null: isNull }), ...expiry }
  return { etag, lastModified: new Date(now), attributes }
}
