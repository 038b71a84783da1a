import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'
import { openPostgresRegistry } from '../../src/registry/custody/postgres.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import { temporaryFolder } from '../custody/folder.ts'
import { rotationCarries } from '../custody/rotation.ts'

/** Rotation where it counts: over as many group keys as years and buckets make. */
const KEYS = 10_000

let postgres: Postgres

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

describe('on SQLite', () => {
  rotationCarries(KEYS, async () => {
    const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
    onTestFinished(() => registry.close())
    return registry
  })
})

describe('on PostgreSQL', () => {
  rotationCarries(KEYS, async () => {
    const registry = await openPostgresRegistry(await postgres.database('rotation'), temporaryFolder())
    onTestFinished(() => registry.close())
    return registry
  })
})
