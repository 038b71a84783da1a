import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeBackup } from '../../src/custody/backup/backup.ts'
import { restoreBackup } from '../../src/custody/backup/restore.ts'
import { fetchExport } from '../../src/custody/export/kept-exports.ts'
import { openKey, readKeyExport } from '../../src/custody/export/key-export.ts'
import { generateHpkeKey } from '../../src/custody/hpke.ts'
import { openPostgresRegistry } from '../../src/registry/custody/postgres.ts'
import type { CustodyRegistry } from '../../src/registry/custody/registry.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import { recipient } from '../custody/backup/ground.ts'
import { callsHold } from '../custody/calls.ts'
import { temporaryFolder } from '../custody/folder.ts'
import { govern, HOUR } from '../custody/governed.ts'
import { logHolds } from '../custody/log/log-over-registry.ts'
import { multiply, rotationHolds } from '../custody/rotation.ts'
import { olderSchemaHolds } from '../registry/custody/older-schema.ts'

const DAY = 24 * HOUR
let postgres: Postgres
let count = 0

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

async function open(url: string): Promise<CustodyRegistry> {
  const registry = await openPostgresRegistry(url, temporaryFolder())
  onTestFinished(() => registry.close())
  return registry
}

async function openNew(): Promise<CustodyRegistry> {
  return await open(await postgres.database(`custody${++count}`))
}

describe('on PostgreSQL', () => {
  rotationHolds(openNew)
  logHolds(openNew)
  callsHold(openNew)
  olderSchemaHolds(async () => {
    const [url, copies] = [await postgres.database(`custody${++count}`), temporaryFolder()]
    return {
      open: schema => openPostgresRegistry(url, copies, schema),
      copyOf: schema => `${copies}/custody-postgres.schema-${schema}`,
    }
  })

  test('one custodian is active; its standby becomes so when the first is gone, and the first can write no more', async () => {
    const url = await postgres.database(`custody${++count}`)
    const [first, standby] = [await open(url), await open(url)]
    await first.activate()
    let isActive = false
    const becoming = standby.activate().then(() => {
      isActive = true
    })
    await delay(1_500)
    expect(isActive).toBe(false)
    await expect(standby.write(async () => {})).rejects.toMatchObject({ name: 'Deposed' })
    await first.write(async () => {})
    await first.close()
    await becoming
    await standby.write(async () => {})
  })

  test('a custodian whose term is over cannot write, even if it still thinks it is active', async () => {
    const url = await postgres.database(`custody${++count}`)
    const deposed = await open(url)
    await deposed.activate()
    await deposed.database.updateTable('term').set({ term: 99 }).execute()
    await expect(deposed.write(async () => {})).rejects.toMatchObject({ name: 'Deposed' })
  })

  test('a server that restarts deposes the active custodian, which can become active again', async () => {
    const url = await postgres.database(`custody${++count}`)
    const registry = await open(url)
    await registry.activate()
    const deposed = new Promise<void>(resolve => registry.onDeposed(resolve))
    await registry.write(async transaction => {
      await transaction
        .insertInto('secrets')
        .values({ name: 'x', wrapped: Buffer.alloc(1), public: Buffer.alloc(0), created: 1 })
        .execute()
    })
    const torn = registry.write(async transaction => {
      await transaction.deleteFrom('secrets').execute()
      await postgres.restart()
    })
    await expect(torn).rejects.toThrow()
    await deposed
    await registry.activate()
    expect(await registry.database.selectFrom('secrets').select('name').execute()).toEqual([{ name: 'x' }])
    await registry.write(async () => {})
  })

  test('a backup of one database brings another back, and an SQLite file as well', async () => {
    const { target, privateKey } = await recipient()
    const { custody, open, folder, people } = await govern({ registry: await openNew() })
    await open()
    const keyOf = async (of: typeof custody) =>
      (await of.opened().groupKeys.current('acme', 'photos', of.now()))[0]!
    const before = await keyOf(custody)
    const { file } = await makeBackup(custody, target, 'a test')
    const log = custody.opened().log.verifier
    for (const next of [await openNew(), await openSqliteRegistry(`${temporaryFolder()}/custody.db`)]) {
      await restoreBackup(next, { file, folder: target.folder, privateKey, log, now: Date.now() })
      const restored = await govern({ registry: next, folder, people })
      expect(restored.custody.state).toBe('restored')
      await restored.open()
      expect((await keyOf(restored.custody)).key).toEqual(before.key)
    }
  })
})

describe.each([
  ['PostgreSQL', () => openNew()],
  ['SQLite', () => openSqliteRegistry(`${temporaryFolder()}/custody.db`)],
])('ten thousand group keys on %s', (_, openRegistry) => {
  test('are exported, backed up, restored and destroyed, all of them', async () => {
    const COUNT = 10_000
    const { custody, open, folder, people, pass } = await govern({ registry: await openRegistry() })
    await open()
    await pass('loosen', { params: { split: false, ttl: 900_000, perUse: [], fence: null } })
    const { keks, groupKeys, log } = custody.opened()
    const [sample] = await groupKeys.current('acme', 'photos', custody.now())
    await multiply(custody.registry, keks, COUNT)

    const to = await generateHpkeKey()
    const params = { recipient: to.publicKey.toString('base64url'), buckets: ['*'], epochs: ['*'] }
    const { id } = await pass('export-keys', { params, target: 1 }, DAY)
    const exported = readKeyExport((await fetchExport(custody, id)).export, log.verifier)
    expect(exported.keys).toHaveLength(COUNT + 1)
    const sealed = exported.keys.find(key => key.bucket === 'photos')!
    expect(await openKey(exported, sealed, to.privateKey)).toEqual(Buffer.from(sample!.key))

    const { target, privateKey } = await recipient()
    const { file } = await makeBackup(custody, target, 'a test')
    const next = await openRegistry()
    const from = { file, folder: target.folder, privateKey, log: log.verifier, now: Date.now() }
    await restoreBackup(next, from)
    const restored = await govern({ registry: next, folder, people })
    await restored.open()
    const again = await restored.custody.opened().groupKeys.byId('acme', 'photos', sample!.id)
    expect(again!.key).toEqual(sample!.key)

    await pass('destroy-keys', { params: { keys: ['*'] }, target: 1 }, DAY)
    const left = await custody.registry.database
      .selectFrom('group_keys')
      .select('state')
      .where('wrapped', '!=', Buffer.alloc(0))
      .execute()
    expect(left).toEqual([])
  })
})
