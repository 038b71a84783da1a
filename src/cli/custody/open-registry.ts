import { join } from 'node:path'
import { readSecretFile } from '../../custody/roots/secret-file.ts'
import { openPostgresRegistry } from '../../registry/custody/postgres.ts'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { openSqliteRegistry } from '../../registry/custody/sqlite.ts'
import type { CustodianConfig } from './config.ts'

/** @param schema to which it is brought; the newest by default */
export async function openRegistry(
  { registry, data }: Pick<CustodianConfig, 'registry' | 'data'>,
  schema?: number,
): Promise<CustodyRegistry> {
  if (registry.kind === 'sqlite') return await openSqliteRegistry(join(data, 'custody.db'), schema)
  return await openPostgresRegistry(await readSecretFile(registry.urlFile), data, schema)
}
