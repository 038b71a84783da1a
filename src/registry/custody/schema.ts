import { type ColumnType, type Kysely, sql } from 'kysely'
import type { Migration } from '../migrate.ts'
import { type CallTables, callTables } from './call-tables.ts'
import { type LogTables, logTables } from './log-tables.ts'

/**
 * The custody registry's tables, alike on SQLite and PostgreSQL. Times are milliseconds since 1970 UTC.
 * SQLite takes a `bytea` column as one without conversion, so one text of the schema serves both.
 */
export interface CustodyTables extends LogTables, CallTables {
  term: TermTable
  seal: SealTable
  secrets: SecretTable
  keks: KekTable
  group_keys: GroupKeyTable
  records: RecordTable
  stops: StopTable
  ceremony: CeremonyTable
  exports: ExportTable
  deposits: DepositTable
}

export type CustodyDatabase = Kysely<CustodyTables>

type Once<T> = ColumnType<T, T, never>

/** One row: counts the custodians that were active one after the other. A write under an older term fails. */
export interface TermTable {
  singleton: Once<1>
  term: number
}

/** One row: how the root is kept, and a canary that only this root opens. */
export interface SealTable {
  singleton: Once<1>
  /** 16 random bytes that name this custodian. */
  custodian: Once<Uint8Array>
  kind: string
  /** JSON that the root provider reads: parameters, never a secret. */
  record: string
  canary: Uint8Array
  created: Once<number>
}

/** The custodian's own keys (certificate authority, log, row MAC), wrapped by the root. */
export interface SecretTable {
  name: Once<string>
  wrapped: Uint8Array
  /** What belongs to it and everybody may see: the authority's certificate, the log's name. */
  public: Uint8Array
  created: Once<number>
}

export type KekState = 'active' | 'retired' | 'destroyed'

export interface KekTable {
  tenant: Once<string>
  version: Once<number>
  state: KekState
  /** Overwritten when destroyed. */
  wrapped: Uint8Array
  created: Once<number>
}

export type StoredKeyState = 'pending' | 'active' | 'decrypt-only' | 'destroying' | 'destroyed'

export interface GroupKeyTable {
  /** 16 random bytes. */
  id: Once<Uint8Array>
  tenant: Once<string>
  bucket: Once<string>
  /** A month, `2026-11`, or a second key that was asked for within it, `2026-11.2`. */
  epoch: Once<string>
  state: StoredKeyState
  /** 1: leased to nobody until an officer lifts it. */
  suspended: 0 | 1
  kek_version: number
  /** Overwritten when destroyed. */
  wrapped: Uint8Array
  created: Once<number>
}

/**
 * What people decided: tenants, buckets, proxies, tokens, officers, proposals, stops. One table, so that none
 * of it can be kept without its MAC and its entry in the log.
 */
export interface RecordTable {
  kind: Once<string>
  id: Once<string>
  /** Counts from 1; the log names the revision that holds. */
  revision: number
  /** JSON in the form of RFC 8785. */
  body: string
  mac: Uint8Array
}

/** What bars leases until people lift it; it survives restarts, and stands also while the custodian is sealed. */
export interface StopTable {
  kind: Once<'killed' | 'forked' | 'restored'>
  /** A tenant, or `*` for all. */
  scope: Once<string>
  since: Once<number>
  reason: Once<string>
}

/** One row while a ceremony runs: no root is there yet that could protect it. */
export interface CeremonyTable {
  singleton: Once<1>
  /** JSON. */
  state: string
}

/** Group keys that were sealed to a recipient, until somebody fetches them. */
export interface ExportTable {
  /** Id of the proposal by which they leave. */
  proposal: Once<string>
  tenant: Once<string>
  /** `treuhand-keys/v1`; empty once keys of the tenant were destroyed. */
  document: string
  made: Once<number>
}

/** Group keys as they lie sealed to the customer's offline key, from the moment in which they are made. */
export interface DepositTable {
  /** Of the group key. */
  id: Once<Uint8Array>
  tenant: Once<string>
  /** X25519 in base64url. */
  recipient: string
  /** HPKE, in base64url. */
  sealed: string
}

const foundations: Migration = async db => {
  await sql`create table term (singleton integer primary key check (singleton = 1), term bigint not null)`.execute(
    db,
  )
  await sql`insert into term (singleton, term) values (1, 0)`.execute(db)
  await sql`create table seal (
    singleton integer primary key check (singleton = 1),
    custodian bytea not null,
    kind text not null,
    record text not null,
    canary bytea not null,
    created bigint not null
  )`.execute(db)
  await sql`create table secrets (
    name text primary key,
    wrapped bytea not null,
    public bytea not null,
    created bigint not null
  )`.execute(db)
  await sql`create table keks (
    tenant text not null,
    version integer not null,
    state text not null check (state in ('active', 'retired', 'destroyed')),
    wrapped bytea not null,
    created bigint not null,
    primary key (tenant, version)
  )`.execute(db)
  await sql`create unique index keks_one_active on keks (tenant) where state = 'active'`.execute(db)
  await sql`create table group_keys (
    id bytea primary key,
    tenant text not null,
    bucket text not null,
    epoch text not null,
    state text not null check (state in ('pending', 'active', 'decrypt-only', 'destroying', 'destroyed')),
    suspended integer not null default 0 check (suspended in (0, 1)),
    kek_version integer not null,
    wrapped bytea not null,
    created bigint not null,
    unique (tenant, bucket, epoch),
    foreign key (tenant, kek_version) references keks (tenant, version)
  )`.execute(db)
  await sql`create unique index group_keys_one_active on group_keys (tenant, bucket) where state = 'active'`.execute(
    db,
  )
  await sql`create index group_keys_by_kek on group_keys (tenant, kek_version)`.execute(db)
  await sql`create table records (
    kind text not null,
    id text not null,
    revision integer not null,
    body text not null,
    mac bytea not null,
    primary key (kind, id)
  )`.execute(db)
  await sql`create table stops (
    kind text not null check (kind in ('killed', 'forked', 'restored')),
    scope text not null,
    since bigint not null,
    reason text not null,
    primary key (kind, scope)
  )`.execute(db)
}

const ceremonies: Migration = async db => {
  await sql`create table ceremony (singleton integer primary key check (singleton = 1), state text not null)`.execute(
    db,
  )
}

const keyExports: Migration = async db => {
  await sql`create table exports (
    proposal text primary key,
    tenant text not null,
    document text not null,
    made bigint not null
  )`.execute(db)
}

const keyDeposits: Migration = async db => {
  await sql`create table deposits (
    id bytea primary key,
    tenant text not null,
    recipient text not null,
    sealed text not null
  )`.execute(db)
}

/** Forward only, each step once and for all. */
export const custodyMigrations: readonly Migration[] = [
  foundations,
  logTables,
  ceremonies,
  keyExports,
  keyDeposits,
  callTables,
]
/** Number of the newest schema. */
export const NEWEST = custodyMigrations.length
