import { setTimeout as delay } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { migrate } from '../migrate.ts'
import { type FileLock, sqliteDialect, tryFileLock } from '../sqlite.ts'
import { copyFirst } from './copy-first.ts'
import { beginTerm, type CustodyRegistry, checkTerm, Deposed, RegistryInUse } from './registry.ts'
import { type CustodyDatabase, custodyMigrations, NEWEST } from './schema.ts'

const ASK_AGAIN = 200

/**
 * Opens the embedded custody registry, creating it where there is none. The active custodian holds the lock of a
 * file beside it, `FILE.active`, so that a standby may read the registry; each write checks the term as well. Before an
 * older schema N is changed, a copy is kept as `FILE.schema-N`.
 *
 * @param schema to which it is brought; the newest, but where a backup of an older one is put back
 * @throws RegistryTooNew, CannotCopyFirst
 */
export async function openSqliteRegistry(file: string, schema = NEWEST): Promise<CustodyRegistry> {
  const database: CustodyDatabase = new Kysely({ dialect: sqliteDialect(file, 'shared') })
  try {
    await migrate(database, custodyMigrations.slice(0, schema), (transaction, from) =>
      copyFirst(transaction, from, `${file}.schema-${from}`),
    )
  } catch (error) {
    await database.destroy()
    throw error
  }
  let lock: FileLock | undefined
  let term: number | undefined
  let closed = false
  return {
    database,
    async activate(whenInUse) {
      if (term !== undefined) return
      lock = tryFileLock(`${file}.active`)
      if (!lock && !whenInUse) throw new RegistryInUse(file)
      if (!lock) whenInUse?.()
      while (!lock) {
        await delay(ASK_AGAIN)
        if (closed) throw new Deposed()
        lock = tryFileLock(`${file}.active`)
      }
      term = await beginTerm(database)
    },
    // The lock is the process's own until it ends.
    onDeposed: () => {},
    async write(act) {
      return await database.transaction().execute(async transaction => {
        if (term === undefined) throw new Deposed()
        await checkTerm(transaction, term, false)
        return await act(transaction)
      })
    },
    snapshot: read => database.transaction().execute(read),
    async close() {
      closed = true
      await database.destroy()
      lock?.release()
      lock = undefined
    },
  }
}
