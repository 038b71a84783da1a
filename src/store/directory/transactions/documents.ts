import type { DeletableDocument, DocumentName, DocumentPlace, NewDocument } from '../../documents.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { treatmentOf } from '../documents.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from './find-bucket.ts'
import { keyBytes, type Transaction } from './transaction.ts'
import { findObject } from './versions.ts'

export function getDocument(sql: Sql, place: DocumentPlace, name: DocumentName): string {
  const bucket = findBucket(sql, place.bucket)
  if (place.key !== undefined) findObject(sql, bucket, keyBytes(place.key), place.versionId)
  const row = sql.get`SELECT text FROM document WHERE bucket = ${bucket.id} AND name = ${name}`
  if (row !== undefined) return row['text'] as string
  const { unset } = treatmentOf(name)
  if ('code' in unset) throw refuse(unset.code)
  return unset.text
}

export function putDocument(
  { sql }: Transaction,
  { place, name, document }: { place: DocumentPlace; name: DocumentName; document: NewDocument },
): void {
  const bucket = findBucket(sql, place.bucket)
  if (place.key !== undefined) findObject(sql, bucket, keyBytes(place.key), place.versionId)
  const { holds, kept } = treatmentOf(name)
  if (!holds(document)) throw refuse('NotImplemented')
  if (kept && document.text !== undefined)
    sql.run`INSERT OR REPLACE INTO document (bucket, name, text) VALUES (${bucket.id}, ${name}, ${document.text})`
}

export function deleteDocument(
  { sql }: Transaction,
  { bucket: name, name: document }: { bucket: string; name: DeletableDocument },
): void {
  const bucket = findBucket(sql, name)
  if (!treatmentOf(document).deletable) throw refuse('NotImplemented')
  sql.run`DELETE FROM document WHERE bucket = ${bucket.id} AND name = ${document}`
}
