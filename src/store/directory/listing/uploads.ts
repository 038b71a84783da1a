import type { UploadListing, UploadsQuery } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { OWNER } from '../owner.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from '../transactions/find-bucket.ts'
import { keyBytes, keyText } from '../transactions/transaction.ts'
import { idOfName, nameOfId } from '../version-id.ts'
import { nameOfStep, takePage } from './page.ts'
import { type Named, rowSteps, type Step, walk } from './walk.ts'

interface UploadRow extends Named {
  readonly id: number
  readonly initiated: number
}

/** ListMultipartUploads: keys in order, the uploads of a key oldest first. */
export function listUploads(sql: Sql, name: string, query: UploadsQuery): UploadListing {
  const bucket = findBucket(sql, name)
  const page = takePage(uploads(sql, bucket.id, query), query.limit)
  const { last } = page
  return {
    uploads: page.rows.map(row => ({
      key: keyText(row.key),
      uploadId: nameOfId(row.id),
      initiated: new Date(row.initiated),
      storageClass: 'STANDARD',
      initiator: OWNER,
      owner: OWNER,
    })),
    prefixes: page.prefixes,
    truncated: last !== undefined,
    ...(last && { nextKey: nameOfStep(last) }),
    ...(last && 'row' in last && { nextUpload: nameOfId(last.row.id) }),
  }
}

function* uploads(sql: Sql, bucket: number, query: UploadsQuery): Generator<Step<UploadRow>, void> {
  const { keyMarker, uploadMarker, prefix = '', delimiter } = query
  const after = keyMarker === undefined ? undefined : keyBytes(keyMarker)
  // Without a key-marker an upload-id-marker is ignored (Amazon S3 API Reference, ListMultipartUploads).
  if (after !== undefined && uploadMarker !== undefined) yield* laterUploads(sql, bucket, after, query)
  yield* walk<UploadRow>({
    rows: (from, to) =>
      sql.iterate`SELECT id, key, initiated FROM upload
        WHERE bucket = ${bucket} AND key >= ${from} AND key < ${to} ORDER BY key, id` as Iterator<unknown> as Iterator<UploadRow>,
    prefix: keyBytes(prefix),
    delimiter: delimiter === undefined ? undefined : keyBytes(delimiter),
    after,
  })
}

/** What the page before left of the marker's own key. The marker's upload may have ended since. */
function* laterUploads(
  sql: Sql,
  bucket: number,
  key: Uint8Array,
  { uploadMarker, prefix = '', delimiter }: UploadsQuery,
): Generator<Step<UploadRow>, void> {
  const id = idOfName(uploadMarker!)
  const other = sql.get`SELECT 1 FROM upload WHERE id = ${id} AND (bucket <> ${bucket} OR key <> ${key})`
  if (other) throw refuse('InvalidArgument')
  const name = keyText(key)
  if (!name.startsWith(prefix) || (delimiter && name.includes(delimiter, prefix.length))) return
  const rows = sql.iterate`SELECT id, key, initiated FROM upload
    WHERE bucket = ${bucket} AND key = ${key} AND id > ${id} ORDER BY id` as Iterator<unknown>
  yield* rowSteps(rows as Iterator<UploadRow>)
}
