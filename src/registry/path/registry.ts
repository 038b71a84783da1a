import { Kysely } from 'kysely'
import { migrate } from '../migrate.ts'
import { sqliteDialect } from '../sqlite.ts'
import { AccessKeys } from './access-keys.ts'
import { Cabinet } from './cabinet.ts'
import { BucketCors } from './cors.ts'
import { type HeldLimits, Parts } from './parts.ts'
import { PATH_MIGRATIONS, type PathTables } from './schema.ts'
import { Uploads } from './uploads.ts'

/** The path store: all that proxies of one installation share on the way of the data. */
export interface PathRegistry {
  readonly uploads: Uploads
  readonly parts: Parts
  readonly accessKeys: AccessKeys
  /** Rules as the front writes them; another front may write others. */
  bucketCors<Rules>(): BucketCors<Rules>
  close(): Promise<void>
}

const HELD_LIMITS: HeldLimits = { perUpload: 64 * 2 ** 20, perTenant: 4 * 2 ** 30 }

/**
 * Opens the path store, several processes at a time if need be, and brings its schema up to date.
 *
 * @param options.key 32 bytes that seal access-key secrets and plaintext digests in its rows
 * @throws RegistryTooNew when a newer program wrote it; SQLite's own error when the file is no database
 */
export async function openPathRegistry(options: {
  readonly file: string
  readonly key: Uint8Array
  readonly heldLimits?: HeldLimits
}): Promise<PathRegistry> {
  const database = new Kysely<PathTables>({ dialect: sqliteDialect(options.file, 'shared') })
  try {
    await migrate(database, PATH_MIGRATIONS)
  } catch (error) {
    await database.destroy()
    throw error
  }
  return {
    uploads: new Uploads(database, new Cabinet(options.key, 'upload')),
    parts: new Parts(database, new Cabinet(options.key, 'part'), options.heldLimits ?? HELD_LIMITS),
    accessKeys: new AccessKeys(database, new Cabinet(options.key, 'access-key')),
    bucketCors: () => new BucketCors(database),
    close: () => database.destroy(),
  }
}
