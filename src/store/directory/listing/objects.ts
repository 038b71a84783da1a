import type { Listing, ListQuery } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { OWNER } from '../owner.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from '../transactions/find-bucket.ts'
import { keyBytes, keyText } from '../transactions/transaction.ts'
import type { VersionRow } from '../transactions/versions.ts'
import { nameOfStep, takePage } from './page.ts'
import { type Named, walk } from './walk.ts'

type ListedRow = Named &
  Pick<VersionRow, 'modified' | 'length' | 'etag' | 'storage_class' | 'checksum_algorithm' | 'checksum_type'>

/** ListObjects and ListObjectsV2. A page reads its own entries and one more from one index. */
export function listObjects(sql: Sql, name: string, query: ListQuery): Listing {
  const bucket = findBucket(sql, name)
  const after = query.token === undefined ? query.after : readToken(query.token)
  const steps = walk<ListedRow>({
    rows: (from, to) =>
      sql.iterate`SELECT key, modified, length, etag, storage_class, checksum_algorithm, checksum_type
        FROM version INDEXED BY version_listed
        WHERE bucket = ${bucket.id} AND key >= ${from} AND key < ${to} AND current = 1 AND marker = 0
        ORDER BY key` as Iterator<unknown> as Iterator<ListedRow>,
    prefix: keyBytes(query.prefix ?? ''),
    delimiter: query.delimiter === undefined ? undefined : keyBytes(query.delimiter),
    after: after === undefined ? undefined : keyBytes(after),
  })
  const page = takePage(steps, query.limit)
  const next = page.last && nameOfStep(page.last)
  // Version 1 always names the owner (Amazon S3 API Reference, ListObjects and ListObjectsV2).
  const withOwner = query.version === 1 || query.owner
  return {
    objects: page.rows.map(row => listed(row, withOwner)),
    prefixes: page.prefixes,
    truncated: page.last !== undefined,
    ...(next !== undefined && { next: query.version === 1 ? next : makeToken(next) }),
  }
}

/** What every kind of listing says of an object. */
export function listed(row: ListedRow, withOwner = false): Listing['objects'][number] {
  const { checksum_algorithm: algorithm, checksum_type: type } = row
  return {
    key: keyText(row.key),
    length: row.length,
    etag: row.etag,
    lastModified: new Date(row.modified),
    storageClass: row.storage_class ?? 'STANDARD',
    ...(algorithm !== null && type !== null && { checksum: { algorithm, type } }),
    ...(withOwner && { owner: OWNER }),
  }
}

/** A continuation token is the last name of its page. The mark tells it from a key that a client made up. */
function makeToken(name: string): string {
  return `1${Buffer.from(name, 'utf8').toString('base64url')}`
}

function readToken(token: string): string {
  const name = Buffer.from(token.slice(1), 'base64url').toString('utf8')
  if (makeToken(name) !== token) throw refuse('InvalidArgument')
  return name
}
