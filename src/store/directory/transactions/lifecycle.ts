import type { LifecycleRule } from '../../lifecycle.ts'
import type { Sql } from '../catalog/sqlite.ts'
import { refuse } from '../refusals.ts'
import { findBucket } from './find-bucket.ts'
import type { Transaction } from './transaction.ts'

/** @throws StoreError `NoSuchLifecycleConfiguration` */
export function getLifecycle(sql: Sql, name: string): LifecycleRule[] {
  const { lifecycle } = findBucket(sql, name)
  if (lifecycle === null) throw refuse('NoSuchLifecycleConfiguration')
  return readRules(lifecycle)
}

export function putLifecycle(
  { sql }: Transaction,
  { name, rules }: { name: string; rules: readonly LifecycleRule[] },
): void {
  const bucket = findBucket(sql, name)
  sql.run`UPDATE bucket SET lifecycle = ${JSON.stringify(rules)} WHERE id = ${bucket.id}`
}

export function deleteLifecycle({ sql }: Transaction, { name }: { name: string }): void {
  sql.run`UPDATE bucket SET lifecycle = NULL WHERE id = ${findBucket(sql, name).id}`
}

/** Rules as the index holds them. */
export function readRules(text: string): LifecycleRule[] {
  return JSON.parse(text, (name, value) => (name === 'date' ? new Date(value) : value)) as LifecycleRule[]
}
