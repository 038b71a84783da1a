import { rename, rm } from 'node:fs/promises'
import { Kysely, sql } from 'kysely'
import { migrate } from '../migrate.ts'
import { sqliteDialect } from '../sqlite.ts'
import { copiedRows, putRows } from './copy.ts'
import type { CustodyTransaction } from './registry.ts'
import { type CustodyDatabase, type CustodyTables, custodyMigrations } from './schema.ts'

/** A registry of an older schema was left as it is, since no copy of it could be kept. */
export class CannotCopyFirst extends Error {
  override readonly name = 'CannotCopyFirst'

  constructor(from: number, file: string, why: string) {
    super(
      `The registry has schema ${from}, which this program changes, and it keeps a copy first; but ${file} cannot be ` +
        `written (${why}). Nothing was changed. Make room there, or start the older program again.`,
    )
  }
}

/**
 * Keeps a registry as it is before its schema changes: an SQLite file of the old schema, whatever the registry is, over
 * which the older program starts.
 *
 * @param transaction in which the schema changes
 * @param from number of the schema that it has
 * @param file of the copy; one that is there gives way
 * @throws CannotCopyFirst
 */
export async function copyFirst(transaction: CustodyTransaction, from: number, file: string): Promise<void> {
  const draft = `${file}.draft`
  try {
    await discard(draft)
    await writeCopy(transaction, from, draft)
    await rename(draft, file)
  } catch (error) {
    await discard(draft)
    const { code, message } = error as NodeJS.ErrnoException
    throw new CannotCopyFirst(from, file, code?.startsWith('E') ? code : message)
  }
}

async function writeCopy(transaction: CustodyTransaction, from: number, file: string): Promise<void> {
  const copy: CustodyDatabase = new Kysely<CustodyTables>({ dialect: sqliteDialect(file, 'exclusive') })
  try {
    await migrate(copy, custodyMigrations.slice(0, from))
    const { term } = await transaction.selectFrom('term').select('term').executeTakeFirstOrThrow()
    await copy.transaction().execute(async writing => {
      await writing.updateTable('term').set({ term }).execute()
      await putRows(writing, copiedRows(transaction, await tablesOf(writing)))
    })
  } finally {
    await copy.destroy()
  }
}

/** Those of the schema that an SQLite file has. */
async function tablesOf(transaction: CustodyTransaction): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
    transaction,
  )
  return new Set(rows.map(({ name }) => name))
}

async function discard(draft: string): Promise<void> {
  for (const file of [draft, `${draft}-wal`, `${draft}-shm`]) await rm(file, { force: true })
}
