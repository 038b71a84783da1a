import type { Address, NewObject, Published, StoredPart, WriteConditions } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { newEtag } from '../etag.ts'
import { refuse } from '../refusals.ts'
import { idOfName, isName, nameOfId } from '../version-id.ts'
import { type BucketRow, findBucket } from './find-bucket.ts'
import { addPieces, findPieces, freePieces, movePieces, type Piece } from './pieces.ts'
import { publish } from './publish.ts'
import { readSettings } from './settings.ts'
import { keyBytes, newKey, nextId, type Transaction } from './transaction.ts'
import { findObject } from './versions.ts'

/** All parts but the last hold this many bytes (Amazon S3 User Guide, "multipart upload limits"). */
const SMALLEST_PART = 5 * 1024 * 1024

interface UploadRow {
  readonly id: number
  readonly object: string
}
interface PartRow {
  readonly number: number
  readonly id: number
  readonly length: number
  readonly etag: string
}

export function createUpload(
  { sql, now }: Transaction,
  { at, object }: { at: Address; object: NewObject },
): string {
  const bucket = findBucket(sql, at.bucket)
  readSettings(bucket, object, now)
  const id = nextId(sql)
  sql.run`INSERT INTO upload (id, bucket, key, initiated, object)
    VALUES (${id}, ${bucket.id}, ${newKey(at.key)}, ${now}, ${JSON.stringify(object)})`
  return nameOfId(id)
}

/** @throws StoreError `NoSuchUpload` */
export function findUpload(sql: Sql, bucket: BucketRow, key: Uint8Array, uploadId: string): UploadRow {
  if (!isName(uploadId)) throw refuse('NoSuchUpload')
  const row = sql.get`SELECT id, object FROM upload
    WHERE id = ${idOfName(uploadId)} AND bucket = ${bucket.id} AND key = ${key}`
  if (row === undefined) throw refuse('NoSuchUpload')
  return row as unknown as UploadRow
}

/** Keeps a part; one of the same number that came before is replaced. */
export function putPart(
  { sql }: Transaction,
  {
    at,
    uploadId,
    number,
    file,
    length,
  }: {
    at: Address
    uploadId: string
    number: number
    file: number | undefined
    length: number
  },
): { etag: string } {
  const upload = findUpload(sql, findBucket(sql, at.bucket), keyBytes(at.key), uploadId)
  return addPart(sql, upload, number, length, file === undefined ? [] : [{ file, first: 0, length }])
}

/** A part of bytes that an object holds already: it names the same files. */
export function copyPart(
  { sql }: Transaction,
  {
    from,
    range,
    to,
    uploadId,
    number,
    ifMatch,
  }: {
    from: Address
    range: { first: number; last: number }
    to: Address
    uploadId: string
    number: number
    ifMatch: string
  },
): { etag: string } {
  const upload = findUpload(sql, findBucket(sql, to.bucket), keyBytes(to.key), uploadId)
  const source = findObject(sql, findBucket(sql, from.bucket), keyBytes(from.key), from.versionId)
  if (ifMatch !== '*' && source.etag !== ifMatch) throw refuse('PreconditionFailed')
  const { first, last } = range
  if (first > last || last >= source.length) throw refuse('InvalidRange')
  return addPart(sql, upload, number, last + 1 - first, findPieces(sql, source.id, first, last))
}

function addPart(
  sql: Sql,
  upload: UploadRow,
  number: number,
  length: number,
  pieces: Piece[],
): { etag: string } {
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw refuse('InvalidArgument')
  const id = nextId(sql)
  const etag = newEtag()
  addPieces(sql, id, pieces)
  const old = sql.get`SELECT id FROM part WHERE upload = ${upload.id} AND number = ${number}`
  if (old) freePieces(sql, old['id'] as number)
  sql.run`INSERT OR REPLACE INTO part (upload, number, id, length, etag)
    VALUES (${upload.id}, ${number}, ${id}, ${length}, ${etag})`
  return { etag }
}

/** Makes the listed parts one object. Their pieces change hands, no byte is written again; other parts go. */
export function completeUpload(
  tx: Transaction,
  {
    at,
    uploadId,
    parts,
    conditions,
  }: {
    at: Address
    uploadId: string
    parts: readonly StoredPart[]
    conditions: WriteConditions
  },
): Published {
  const { sql, now } = tx
  const bucket = findBucket(sql, at.bucket)
  const key = keyBytes(at.key)
  const before = findCompletion(sql, bucket, key, uploadId)
  if (before) return before
  const upload = findUpload(sql, bucket, key, uploadId)
  const chosen = chooseParts(sql, upload, parts)
  const settings = readSettings(bucket, JSON.parse(upload.object) as NewObject, now)
  const length = chosen.reduce((sum, part) => sum + part.length, 0)
  const published = publish(tx, bucket, key, settings, length, conditions, id => {
    let position = 0
    for (const part of chosen) {
      movePieces(sql, part.id, id, position)
      position += part.length
    }
  })
  freeUpload(sql, upload.id)
  rememberCompletion(tx, bucket, key, upload, published)
  return published
}

/** What the first Complete of an upload answered (Amazon S3 API Reference, CompleteMultipartUpload: it may be repeated). */
function findCompletion(
  sql: Sql,
  bucket: BucketRow,
  key: Uint8Array,
  uploadId: string,
): Published | undefined {
  if (!isName(uploadId)) return undefined
  const row = sql.get`SELECT published FROM completion
    WHERE upload = ${idOfName(uploadId)} AND bucket = ${bucket.id} AND key = ${key}`
  if (row === undefined) return undefined
  const published = JSON.parse(row['published'] as string) as Published & { lastModified: string }
  return { ...published, lastModified: new Date(published.lastModified) }
}

const REMEMBERED = 24 * 3_600_000

function rememberCompletion(
  { sql, now }: Transaction,
  bucket: BucketRow,
  key: Uint8Array,
  upload: UploadRow,
  published: Published,
): void {
  sql.run`INSERT INTO completion (id, upload, bucket, key, at, published)
    VALUES (${nextId(sql)}, ${upload.id}, ${bucket.id}, ${key}, ${now}, ${JSON.stringify(published)})`
  // Two go for one that comes: old ones never pile up, and no Complete clears many.
  sql.run`DELETE FROM completion WHERE id IN (SELECT id FROM completion ORDER BY id LIMIT 2)
    AND at < ${now - REMEMBERED}`
}

/** The listed parts as the index has them. @throws StoreError `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall` */
function chooseParts(sql: Sql, upload: UploadRow, listed: readonly StoredPart[]): PartRow[] {
  if (listed.length === 0) throw refuse('MalformedXML')
  if (listed.some((part, i) => i > 0 && part.number <= listed[i - 1]!.number))
    throw refuse('InvalidPartOrder')
  const rows = sql.all`SELECT number, id, length, etag FROM part WHERE upload = ${upload.id}`
  const kept = new Map((rows as unknown as PartRow[]).map(row => [row.number, row]))
  const chosen = listed.map(({ number, etag }) => {
    const row = kept.get(number)
    if (row === undefined || row.etag !== etag) throw refuse('InvalidPart')
    return row
  })
  if (chosen.slice(0, -1).some(part => part.length < SMALLEST_PART)) throw refuse('EntityTooSmall')
  return chosen
}

export function abortUpload({ sql }: Transaction, { at, uploadId }: { at: Address; uploadId: string }): void {
  freeUpload(sql, findUpload(sql, findBucket(sql, at.bucket), keyBytes(at.key), uploadId).id)
}

/** Ends an upload; what its parts hold alone becomes garbage. */
export function freeUpload(sql: Sql, id: number): void {
  for (const part of sql.all`DELETE FROM part WHERE upload = ${id} RETURNING id`)
    freePieces(sql, part['id'] as number)
  sql.run`DELETE FROM upload WHERE id = ${id}`
}
