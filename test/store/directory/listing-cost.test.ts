import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Connection, connectIndex, type Sql } from '../../../src/store/directory/catalog/sqlite.ts'
import { listObjects } from '../../../src/store/directory/listing/objects.ts'
import { listVersions } from '../../../src/store/directory/listing/versions.ts'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import { keyBytes } from '../../../src/store/directory/transactions/transaction.ts'
import { temporaryFolder } from './temporary.ts'

/** Keys `folder/0000000` …, and `a`, `z` around them. */
const KEYS = 1_000_000
let index: Connection

beforeAll(async () => {
  const path = await temporaryFolder()
  const store = await openDirectoryStore({ path })
  await store.createBucket('large', {})
  await store.close()
  index = connectIndex(join(path, 'index.sqlite'))
  const { id } = index.sql.get`SELECT id FROM bucket` as { id: number }
  index.exec('PRAGMA synchronous = OFF; BEGIN')
  index.sql
    .run`INSERT INTO version (id, bucket, key, is_null, current, marker, modified, length, etag, metadata)
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${KEYS - 1})
    SELECT i + 1000, ${id}, CAST(printf('folder/%07d', i) AS BLOB), 1, 1, 0, 0, 1, 'e', '{}' FROM n`
  for (const [i, key] of ['a', 'z'].entries())
    index.sql
      .run`INSERT INTO version (id, bucket, key, is_null, current, marker, modified, length, etag, metadata)
      VALUES (${i + 10}, ${id}, ${keyBytes(key)}, 1, 1, 0, 0, 1, 'e', '{}')`
  index.exec('COMMIT')
}, 120_000)

/** Counts the rows that a listing reads. */
function counted<T>(listing: (sql: Sql) => T): { result: T; rows: number; seeks: number } {
  let rows = 0
  let seeks = 0
  const sql = new Proxy(index.sql, {
    get(target, name) {
      if (name !== 'iterate') return Reflect.get(target, name).bind(target)
      return (...call: Parameters<Sql['iterate']>) => {
        seeks++
        const iterator = target.iterate(...call)
        return {
          next: () => {
            const step = iterator.next()
            if (!step.done) rows++
            return step
          },
          return: () => iterator.return?.(),
        }
      }
    },
  })
  return { result: listing(sql), rows, seeks }
}

test('a page of a thousand keys reads a thousand and one', () => {
  for (const after of [undefined, 'folder/0500000', 'folder/0998000']) {
    const { result, rows } = counted(sql =>
      listObjects(sql, 'large', { version: 2, limit: 1000, ...(after && { after }) }),
    )
    expect(result.objects).toHaveLength(1000)
    expect(rows).toBe(1001)
  }
})

test('a delimiter seeks past a folder of a million keys', () => {
  const { result, rows, seeks } = counted(sql =>
    listObjects(sql, 'large', { version: 2, limit: 1000, delimiter: '/' }),
  )
  expect(result).toMatchObject({
    objects: [{ key: 'a' }, { key: 'z' }],
    prefixes: ['folder/'],
    truncated: false,
  })
  expect(rows).toBe(3)
  expect(seeks).toBe(2)
})

test('an entry costs one row, a common prefix one seek', () => {
  const { result, rows, seeks } = counted(sql =>
    listObjects(sql, 'large', { version: 2, limit: 1000, prefix: 'folder/', delimiter: '99' }),
  )
  expect(result.prefixes.length).toBeGreaterThan(8)
  expect(result.objects.length + result.prefixes.length).toBe(1000)
  expect(rows).toBe(1001)
  expect(seeks).toBeLessThanOrEqual(result.prefixes.length + 1)
})

test('a marker inside or at a folder skips the rest of it', () => {
  for (const after of ['folder/', 'folder/0000001']) {
    const { result, rows } = counted(sql =>
      listObjects(sql, 'large', { version: 1, limit: 1000, delimiter: '/', after }),
    )
    expect(result).toMatchObject({ objects: [{ key: 'z' }], prefixes: [] })
    expect(rows).toBe(1)
  }
})

test('a listing of objects never leaves its index', () => {
  const plan = index.sql.all`EXPLAIN QUERY PLAN SELECT key, modified, length, etag, storage_class FROM version
    INDEXED BY version_listed WHERE bucket = 1 AND key >= x'00' AND key < x'ff' AND current = 1 AND marker = 0 ORDER BY key`
  expect(plan.map(({ detail }) => detail)).toEqual([
    'SEARCH version USING COVERING INDEX version_listed (bucket=? AND key>? AND key<?)',
  ])
})

test('versions are listed at the same cost', () => {
  const page = counted(sql => listVersions(sql, 'large', { limit: 1000 }))
  expect(page.result.versions).toHaveLength(1000)
  expect(page.rows).toBe(1001)
  const rolled = counted(sql => listVersions(sql, 'large', { limit: 1000, delimiter: '/' }))
  expect(rolled.result.prefixes).toEqual(['folder/'])
  expect(rolled.rows).toBe(3)
})
