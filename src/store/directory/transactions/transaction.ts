import type { Sql } from '../catalog/sqlite.ts'
import { refuse } from '../refusals.ts'

/** What a change of the index works with. It runs on the catalog's thread, inside one SQLite transaction. */
export interface Transaction {
  readonly sql: Sql
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The next id. Ids grow, and none is given twice. */
export function nextId(sql: Sql): number {
  return (sql.get`UPDATE sequence SET value = value + 1 RETURNING value` as { value: number }).value
}

/** A key as the index holds it. */
export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, 'utf8')
}

/** A key that is about to be made. @throws StoreError `KeyTooLongError` above S3's 1,024 bytes */
export function newKey(key: string): Uint8Array {
  const bytes = keyBytes(key)
  if (bytes.length > 1024) throw refuse('KeyTooLongError')
  return bytes
}

export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('utf8')
}
