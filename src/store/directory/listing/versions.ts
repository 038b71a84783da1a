import type { VersionListing, VersionsQuery } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { OWNER } from '../owner.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from '../transactions/find-bucket.ts'
import { keyBytes, keyText } from '../transactions/transaction.ts'
import { findNull, type VersionRow, versionName } from '../transactions/versions.ts'
import { idOfName, NULL_VERSION } from '../version-id.ts'
import { listed } from './objects.ts'
import { nameOfStep, takePage } from './page.ts'
import { rowSteps, type Step, walk } from './walk.ts'

/** ListObjectVersions: keys in order, the versions of a key newest first. */
export function listVersions(sql: Sql, name: string, query: VersionsQuery): VersionListing {
  const bucket = findBucket(sql, name)
  const page = takePage(versions(sql, bucket.id, query), query.limit)
  const { last } = page
  return {
    versions: page.rows
      .filter(row => !row.marker)
      .map(row => ({ ...listed(row, true), versionId: versionName(row), latest: row.current === 1 })),
    deleteMarkers: page.rows
      .filter(row => row.marker)
      .map(row => ({
        key: keyText(row.key),
        versionId: versionName(row),
        latest: row.current === 1,
        lastModified: new Date(row.modified),
        owner: OWNER,
      })),
    prefixes: page.prefixes,
    truncated: last !== undefined,
    ...(last && { nextKey: nameOfStep(last) }),
    ...(last && 'row' in last && { nextVersion: versionName(last.row) }),
  }
}

function* versions(sql: Sql, bucket: number, query: VersionsQuery): Generator<Step<VersionRow>, void> {
  const after = query.keyMarker === undefined ? undefined : keyBytes(query.keyMarker)
  if (query.versionMarker !== undefined) {
    if (after === undefined) throw refuse('InvalidArgument')
    yield* olderVersions(sql, bucket, after, query)
  }
  yield* walk<VersionRow>({
    rows: (from, to) =>
      sql.iterate`SELECT * FROM version INDEXED BY version_order
        WHERE bucket = ${bucket} AND key >= ${from} AND key < ${to}
        ORDER BY key, id DESC` as Iterator<unknown> as Iterator<VersionRow>,
    prefix: keyBytes(query.prefix ?? ''),
    delimiter: query.delimiter === undefined ? undefined : keyBytes(query.delimiter),
    after,
  })
}

/** What the page before left of the marker's own key. The marker itself may have been deleted since. */
function* olderVersions(
  sql: Sql,
  bucket: number,
  key: Uint8Array,
  { versionMarker, prefix = '', delimiter }: VersionsQuery,
): Generator<Step<VersionRow>, void> {
  const name = keyText(key)
  if (!name.startsWith(prefix) || (delimiter && name.includes(delimiter, prefix.length))) return
  const id = versionMarker === NULL_VERSION ? (findNull(sql, bucket, key)?.id ?? 0) : idOfName(versionMarker!)
  const rows = sql.iterate`SELECT * FROM version INDEXED BY version_order
    WHERE bucket = ${bucket} AND key = ${key} AND id < ${id} ORDER BY id DESC` as Iterator<unknown>
  yield* rowSteps(rows as Iterator<VersionRow>)
}
