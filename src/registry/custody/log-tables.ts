import { type ColumnType, sql } from 'kysely'
import type { Migration } from '../migrate.ts'

type Once<T> = ColumnType<T, T, never>

/** The log's tables. A registry may hold several logs, as after an accepted loss; `origin` tells them apart. */
export interface LogTables {
  log_heads: LogHeadTable
  log_leaves: LogLeafTable
  log_tiles: LogTileTable
  log_hidden: LogHiddenTable
  log_journal: LogJournalTable
}

interface LogHeadTable {
  origin: Once<string>
  size: number
  /** Signed note. */
  head: string
  /** The newest head that a witness cosigned. */
  witnessed: string | null
}

interface LogLeafTable {
  origin: Once<string>
  number: Once<number>
  leaf: Once<Uint8Array>
}

/** Up to 256 hashes each, as wide as they have grown (c2sp.org/tlog-tiles). */
interface LogTileTable {
  origin: Once<string>
  level: Once<number>
  number: Once<number>
  hashes: Uint8Array
}

/** Personal values beside the log, by the salted hash that stands in a leaf. Erased by deleting the row. */
interface LogHiddenTable {
  hash: Once<Uint8Array>
  kind: Once<string>
  salt: Once<Uint8Array>
  value: Once<string>
}

/** What was recorded while the log's key was sealed away. */
interface LogJournalTable {
  number: Once<number>
  leaf: Once<Uint8Array>
}

export const logTables: Migration = async db => {
  await sql`create table log_heads (
    origin text primary key,
    size bigint not null,
    head text not null,
    witnessed text
  )`.execute(db)
  await sql`create table log_leaves (
    origin text not null,
    number bigint not null,
    leaf bytea not null,
    primary key (origin, number)
  )`.execute(db)
  await sql`create table log_tiles (
    origin text not null,
    level integer not null,
    number bigint not null,
    hashes bytea not null,
    primary key (origin, level, number)
  )`.execute(db)
  await sql`create table log_hidden (
    hash bytea primary key,
    kind text not null,
    salt bytea not null,
    value text not null
  )`.execute(db)
  await sql`create index log_hidden_by_value on log_hidden (kind, value)`.execute(db)
  await sql`create table log_journal (number integer primary key, leaf bytea not null)`.execute(db)
}
