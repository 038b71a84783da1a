import type { StoredBucket, Versioning } from '../../store.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { refuse } from '../refusals.ts'

export interface BucketRow {
  readonly id: number
  readonly name: string
  readonly created: number
  readonly versioning: Versioning | null
  readonly object_lock: number
  readonly default_retention: string | null
  readonly lifecycle: string | null
  readonly tags: string | null
}

/** @throws StoreError `NoSuchBucket` */
export function findBucket(sql: Sql, name: string): BucketRow {
  const row = sql.get`SELECT * FROM bucket WHERE name = ${name}`
  if (row === undefined) throw refuse('NoSuchBucket')
  return row as unknown as BucketRow
}

export function listBuckets(sql: Sql): StoredBucket[] {
  const rows = sql.all`SELECT name, created FROM bucket ORDER BY name` as unknown as BucketRow[]
  return rows.map(({ name, created }) => ({ name, created: new Date(created) }))
}
