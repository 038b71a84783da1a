import { type ColumnType, sql } from 'kysely'
import type { Migration } from '../migrate.ts'

type Once<T> = ColumnType<T, T, never>

/**
 * What callers did lately, so that neither a restart nor a standby that takes over forgets it. Rows are dropped once
 * they count no more; a backup holds none.
 */
export interface CallTables {
  answers: AnswerTable
  seen: SeenTable
}

/** How a call under an idempotency key was answered. */
interface AnswerTable {
  /** SHA-256 of caller, call and key, hex. */
  call: Once<string>
  /** SHA-256 of what was asked, hex. */
  asked: Once<string>
  status: Once<number>
  /** JSON. */
  answer: Once<string>
  at: Once<number>
}

/** That a caller named a thing: a nonce, an old group key. */
interface SeenTable {
  kind: Once<'nonce' | 'old-key'>
  caller: Once<string>
  thing: Once<string>
  at: Once<number>
}

export const callTables: Migration = async db => {
  await sql`create table answers (
    call text primary key,
    asked text not null,
    status integer not null,
    answer text not null,
    at bigint not null
  )`.execute(db)
  await sql`create index answers_by_time on answers (at)`.execute(db)
  await sql`create table seen (
    kind text not null,
    caller text not null,
    thing text not null,
    at bigint not null,
    primary key (kind, caller, thing)
  )`.execute(db)
  await sql`create index seen_by_time on seen (kind, at)`.execute(db)
}
