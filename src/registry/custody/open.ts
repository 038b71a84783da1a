import { Kysely } from 'kysely'
import { migrate } from '../migrate.ts'
import { sqliteDialect } from '../sqlite.ts'
import { type CustodyRegistry, custodyMigrations } from './schema.ts'

/** Another process holds this registry: one custodian is active at a time. */
export class RegistryInUse extends Error {
  override readonly name = 'RegistryInUse'

  constructor(file: string) {
    super(`The custody registry ${file} is in use by another process. Stop that one first.`)
  }
}

/**
 * Opens the embedded custody registry, creating it where there is none, for this process alone.
 *
 * @throws RegistryInUse, RegistryTooNew
 */
export async function openSqliteRegistry(file: string): Promise<CustodyRegistry> {
  const registry: CustodyRegistry = new Kysely({ dialect: exclusively(file) })
  try {
    await migrate(registry, custodyMigrations)
    return registry
  } catch (error) {
    await registry.destroy()
    throw error
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
