import { type ColumnType, type Generated, sql } from 'kysely'
import type { Migration } from '../migrate.ts'

/** The path store's tables. Times are milliseconds since 1970 in UTC, byte columns hold what their name says. */
export interface PathTables {
  upload: UploadTable
  part: PartTable
  access_key: AccessKeyTable
  access_key_version: { version: number }
  bucket_cors: { bucket: string; rules: string }
}

interface UploadTable {
  id: string
  tenant: string
  bucket: string
  object_key: string
  store_bucket: string
  envelope: Uint8Array
  /** JSON: what was sealed beside the object, as it went to the store. */
  sealed_metadata: string
  checksum_algorithm: string | null
  checksum_type: string | null
  created: number
  completed: number | null
  /** Sealed JSON. Holds a plaintext checksum. */
  result: Uint8Array | null
}

interface PartTable {
  /** Grows with every attempt recorded, never used twice: the later of two attempts has the larger one. */
  sequence: Generated<number>
  upload_id: string
  tenant: string
  number: number
  etag: string
  recorded: number
  plain_length: number
  salt: Uint8Array
  prefix: Uint8Array
  /** Sealed JSON. Holds plaintext digests. */
  digests: Uint8Array
  held_length: number | null
  held: ColumnType<Uint8Array | null, Uint8Array | null, never>
}

interface AccessKeyTable {
  id: string
  secret: Uint8Array
  tenant: string
  grants: string
  store_credential: string | null
  created: number
  expires: number | null
}

/** `bytea` on PostgreSQL; integers hold up to 2^53. */
const firstTables: Migration = async transaction => {
  await transaction.schema
    .createTable('upload')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('tenant', 'text', column => column.notNull())
    .addColumn('bucket', 'text', column => column.notNull())
    .addColumn('object_key', 'text', column => column.notNull())
    .addColumn('store_bucket', 'text', column => column.notNull())
    .addColumn('envelope', 'blob', column => column.notNull())
    .addColumn('sealed_metadata', 'text', column => column.notNull())
    .addColumn('checksum_algorithm', 'text')
    .addColumn('checksum_type', 'text')
    .addColumn('created', 'bigint', column => column.notNull())
    .addColumn('completed', 'bigint')
    .addColumn('result', 'blob')
    .execute()
  await transaction.schema
    .createIndex('upload_by_age')
    .on('upload')
    .columns(['completed', 'created'])
    .execute()

  await transaction.schema
    .createTable('part')
    .addColumn('sequence', 'integer', column => column.primaryKey().autoIncrement())
    .addColumn('upload_id', 'text', column => column.notNull().references('upload.id').onDelete('cascade'))
    .addColumn('tenant', 'text', column => column.notNull())
    .addColumn('number', 'integer', column => column.notNull())
    .addColumn('etag', 'text', column => column.notNull())
    .addColumn('recorded', 'bigint', column => column.notNull())
    .addColumn('plain_length', 'bigint', column => column.notNull())
    .addColumn('salt', 'blob', column => column.notNull())
    .addColumn('prefix', 'blob', column => column.notNull())
    .addColumn('digests', 'blob', column => column.notNull())
    .addColumn('held_length', 'integer')
    .addColumn('held', 'blob')
    .addUniqueConstraint('part_attempt', ['upload_id', 'number', 'etag'])
    .execute()
  await transaction.schema
    .createIndex('part_held')
    .on('part')
    .columns(['tenant', 'upload_id', 'held_length'])
    .where(sql.ref('held_length'), 'is not', null)
    .execute()

  await transaction.schema
    .createTable('access_key')
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('secret', 'blob', column => column.notNull())
    .addColumn('tenant', 'text', column => column.notNull())
    .addColumn('grants', 'text', column => column.notNull())
    .addColumn('store_credential', 'text')
    .addColumn('created', 'bigint', column => column.notNull())
    .addColumn('expires', 'bigint')
    .execute()
  await transaction.schema
    .createTable('access_key_version')
    .addColumn('version', 'integer', column => column.notNull())
    .execute()
  await sql`insert into access_key_version (version) values (0)`.execute(transaction)
}

const corsTable: Migration = async transaction => {
  await transaction.schema
    .createTable('bucket_cors')
    .addColumn('bucket', 'text', column => column.primaryKey())
    .addColumn('rules', 'text', column => column.notNull())
    .execute()
}

/** Appended to, never changed. */
export const PATH_MIGRATIONS: readonly Migration[] = [firstTables, corsTable]
