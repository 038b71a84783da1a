import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { SqliteDialect } from 'kysely'

/** How a registry shares its file: `exclusive` bars every other process for as long as it is open. */
export type SqliteSharing = 'shared' | 'exclusive'

/**
 * Kysely's dialect over node:sqlite: one file of mode 0600, WAL, every commit on disk before it returns.
 * The only place that imports node:sqlite for a registry (a later Node renames `DatabaseSync`).
 *
 * @throws SQLite's own error when the file is no database or another process bars it
 */
export function sqliteDialect(file: string, sharing: SqliteSharing): SqliteDialect {
  // Only where it is new: closing a file drops every lock that this process holds on it.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const database = new DatabaseSync(file, {
    timeout: sharing === 'exclusive' ? 0 : 5000,
    enableForeignKeyConstraints: true,
  })
  try {
    database.exec(`pragma locking_mode = ${sharing === 'exclusive' ? 'exclusive' : 'normal'}`)
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    // An exclusive lock is taken by the first write, not by the pragma.
    if (sharing === 'exclusive') database.exec('begin immediate; commit')
  } catch (error) {
    database.close()
    throw error
  }
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare: sql => {
        // A deferred transaction that reads first cannot wait for another writer; this one waits at its begin.
        const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql)
        return {
          reader: statement.columns().length > 0,
          all: parameters => statement.all(...values(parameters)),
          run: parameters => statement.run(...values(parameters)),
          iterate: parameters => statement.iterate(...values(parameters)),
        }
      },
    },
  })
}

const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]

/** A lock that one process holds at a time, until it lets go or ends, however it ends. */
export interface FileLock {
  release(): void
}

/** Takes the lock that a file stands for; undefined where another process holds it. */
export function tryFileLock(file: string): FileLock | undefined {
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('begin exclusive')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked/.test(error.message)) return undefined
    throw error
  }
}
