import { Kysely } from 'kysely'
import { migrate } from '../migrate.ts'
import { sqliteDialect } from '../sqlite.ts'
import { beginTerm, type CustodyRegistry, checkTerm, Deposed, RegistryInUse } from './registry.ts'
import { type CustodyDatabase, custodyMigrations, NEWEST } from './schema.ts'

/**
 * Opens the embedded custody registry, creating it where there is none, for this process alone: the file's
 * own lock is what makes it the active one.
 *
 * @param schema to which it is brought; the newest, but where a backup of an older one is put back
 * @throws RegistryInUse, RegistryTooNew
 */
export async function openSqliteRegistry(file: string, schema = NEWEST): Promise<CustodyRegistry> {
  const database: CustodyDatabase = new Kysely({ dialect: exclusively(file) })
  try {
    await migrate(database, custodyMigrations.slice(0, schema))
  } catch (error) {
    await database.destroy()
    throw error
  }
  let term: number | undefined
  return {
    database,
    async activate() {
      term ??= await beginTerm(database)
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
    close: () => database.destroy(),
  }
}

function exclusively(file: string) {
  try {
    return sqliteDialect(file, 'exclusive')
  } catch (error) {
    if (error instanceof Error && /locked/.test(error.message)) throw new RegistryInUse(file)
    throw error
  }
}
