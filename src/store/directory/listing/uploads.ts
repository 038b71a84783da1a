import type { UploadListing, UploadsQuery } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { findBucket } from '../transactions/find-bucket.ts'
import { keyBytes, keyText } from '../transactions/transaction.ts'
import { idOfName, nameOfId } from '../version-id.ts'
import { OWNER } from './objects.ts'
import { nameOfStep, takePage } from './page.ts'
import { type Named, type Step, walk } from './walk.ts'

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
  if (keyMarker !== undefined && uploadMarker !== undefined) {
    const rolledUp = delimiter && keyMarker.includes(delimiter, prefix.length)
    if (keyMarker.startsWith(prefix) && !rolledUp)
      yield* sql.all`SELECT id, key, initiated FROM upload
        WHERE bucket = ${bucket} AND key = ${after!} AND id > ${idOfName(uploadMarker)} ORDER BY id`.map(
        row => ({
          row: row as unknown as UploadRow,
        }),
      )
  }
  yield* walk<UploadRow>({
    rows: (from, to) =>
      sql.iterate`SELECT id, key, initiated FROM upload
        WHERE bucket = ${bucket} AND key >= ${from} AND key < ${to} ORDER BY key, id` as Iterator<unknown> as Iterator<UploadRow>,
    prefix: keyBytes(prefix),
    delimiter: delimiter === undefined ? undefined : keyBytes(delimiter),
    after,
  })
}
