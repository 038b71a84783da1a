import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openEmbeddedCustodian } from '../../src/custody/embedded.ts'
import { fileRoot } from '../../src/custody/roots/file.ts'
import { passphraseRoot } from '../../src/custody/roots/passphrase.ts'
import type { Custodian, LeaseAsk } from '../../src/keys/custodian.ts'
import { temporaryFolder } from './folder.ts'

const NOVEMBER = Date.UTC(2026, 10, 12)
const HOUR = 3_600_000
const photos: LeaseAsk = { tenant: 'acme', bucket: 'photos', key: 'current' }

async function open(folder: string, now: () => number = () => NOVEMBER): Promise<Custodian> {
  const custodian = await openEmbeddedCustodian({
    registry: join(folder, 'custody.db'),
    root: fileRoot(join(folder, 'root.key')),
    now,
  })
  onTestFinished(() => custodian.close())
  return custodian
}

/** Runs a statement on the registry, as a thief of the disk or a rival could. */
function tamper(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, 'custody.db'))
  database.exec(sql)
  database.close()
}

describe('group keys', () => {
  test('a second start leases the same key', async () => {
    const folder = temporaryFolder()
    const first = await open(folder)
    const before = (await first.lease(photos)).keys
    await first.close()
    const second = await open(folder)
    expect((await second.lease(photos)).keys).toEqual(before)
    expect(before).toMatchObject([{ tenant: 'acme', bucket: 'photos', epoch: '2026-11', state: 'active' }])
    expect(before[0]!.key).toHaveLength(32)
    expect(before[0]!.id).toHaveLength(16)
  })

  test('every bucket and every tenant has its own', async () => {
    const custodian = await open(temporaryFolder())
    const asks = [photos, { ...photos, bucket: 'films' }, { ...photos, tenant: 'globex' }]
    const keys = await Promise.all(asks.map(async ask => (await custodian.lease(ask)).keys[0]!))
    expect(new Set(keys.map(({ key }) => Buffer.from(key!).toString('hex'))).size).toBe(3)
    expect(new Set(keys.map(({ id }) => Buffer.from(id).toString('hex'))).size).toBe(3)
  })

  test('asking at the same time makes one key', async () => {
    const custodian = await open(temporaryFolder())
    const leases = await Promise.all(Array.from({ length: 8 }, () => custodian.lease(photos)))
    for (const lease of leases) expect(lease.keys).toEqual(leases[0]!.keys)
  })

  test('the next one is leased as pending from 24 hours before its month and active within it', async () => {
    let now = Date.UTC(2026, 10, 29, 23, 59)
    const custodian = await open(temporaryFolder(), () => now)
    const november = (await custodian.lease(photos)).keys
    expect(november.map(key => [key.epoch, key.state])).toEqual([['2026-11', 'active']])

    now = Date.UTC(2026, 10, 30, 0, 0)
    const eve = (await custodian.lease(photos)).keys
    expect(eve.map(key => [key.epoch, key.state])).toEqual([
      ['2026-11', 'active'],
      ['2026-12', 'pending'],
    ])

    now = Date.UTC(2026, 11, 1)
    const december = (await custodian.lease(photos)).keys
    expect(december.map(key => [key.epoch, key.state])).toEqual([['2026-12', 'active']])
    expect(december[0]!.key).toEqual(eve[1]!.key)

    const old = await custodian.lease({ ...photos, key: { id: november[0]!.id } })
    expect(old.keys).toEqual([{ ...november[0]!, state: 'decrypt-only' }])
  })

  test('after months without a start the present month gets its own and the old ones only open', async () => {
    let now = Date.UTC(2026, 10, 30, 12)
    const custodian = await open(temporaryFolder(), () => now)
    const [november, december] = (await custodian.lease(photos)).keys
    now = Date.UTC(2027, 3, 2)
    expect((await custodian.lease(photos)).keys).toMatchObject([{ epoch: '2027-04', state: 'active' }])
    for (const { id } of [november!, december!]) {
      expect((await custodian.lease({ ...photos, key: { id } })).keys).toMatchObject([
        { state: 'decrypt-only' },
      ])
    }
  })

  test('a clock set back brings no old key back into use', async () => {
    let now = NOVEMBER
    const custodian = await open(temporaryFolder(), () => now)
    const [key] = (await custodian.lease(photos)).keys
    now -= 40 * 24 * HOUR
    expect((await custodian.lease(photos)).keys).toEqual([key])
  })

  test('one of another bucket or tenant is not leased by its id', async () => {
    const custodian = await open(temporaryFolder())
    const [key] = (await custodian.lease(photos)).keys
    const theft = { key: { id: key!.id } }
    await expect(custodian.lease({ ...photos, ...theft, bucket: 'films' })).rejects.toMatchObject({
      reason: 'unknown-key',
    })
    await expect(custodian.lease({ ...photos, ...theft, tenant: 'globex' })).rejects.toMatchObject({
      reason: 'unknown-key',
    })
  })

  test('nothing on disk holds a key, and others may read none of it', async () => {
    const folder = temporaryFolder()
    const custodian = await open(folder)
    const [leased] = (await custodian.lease(photos)).keys
    const root = readFileSync(join(folder, 'root.key'))
    for (const name of readdirSync(folder)) {
      const file = join(folder, name)
      expect(statSync(file).mode & 0o077).toBe(0)
      expect(readFileSync(file).includes(leased!.key!)).toBe(false)
      if (name !== 'root.key') expect(readFileSync(file).includes(root)).toBe(false)
    }
  })

  test('a closed custodian leases nothing and tells the proxy to drop all', async () => {
    const custodian = await open(temporaryFolder())
    const heard: unknown[] = []
    custodian.onRevoked(keys => heard.push(keys))
    await custodian.close()
    expect(heard).toEqual(['all'])
    await expect(custodian.lease(photos)).rejects.toMatchObject({ name: 'NoLease', reason: 'unreachable' })
  })
})

describe('an altered registry', () => {
  test('a wrapped key moved to another tenant does not open', async () => {
    const folder = temporaryFolder()
    const custodian = await open(folder)
    await custodian.lease(photos)
    const globex = (await custodian.lease({ ...photos, tenant: 'globex' })).keys[0]!
    await custodian.close()
    tamper(
      folder,
      `update group_keys set wrapped = (select wrapped from group_keys where tenant = 'acme') where tenant = 'globex'`,
    )
    const again = await open(folder)
    const ask = { tenant: 'globex', bucket: 'photos', key: { id: globex.id } }
    await expect(again.lease(ask)).rejects.toMatchObject({ name: 'NoLease', reason: 'refused' })
  })

  test('a KEK moved to another tenant does not open', async () => {
    const folder = temporaryFolder()
    const custodian = await open(folder)
    await custodian.lease(photos)
    await custodian.lease({ ...photos, tenant: 'globex' })
    await custodian.close()
    tamper(folder, `update keks set wrapped = (select wrapped from keks where tenant = 'acme')`)
    const again = await open(folder)
    await expect(again.lease({ ...photos, tenant: 'globex' })).rejects.toMatchObject({ reason: 'refused' })
    await expect(again.lease(photos)).resolves.toBeDefined()
  })

  test('a suspended key is not leased', async () => {
    const folder = temporaryFolder()
    const custodian = await open(folder)
    const [key] = (await custodian.lease(photos)).keys
    await custodian.close()
    tamper(folder, 'update group_keys set suspended = 1')
    const again = await open(folder)
    await expect(again.lease(photos)).rejects.toMatchObject({ reason: 'refused' })
    await expect(again.lease({ ...photos, key: { id: key!.id } })).rejects.toMatchObject({
      reason: 'unknown-key',
    })
  })

  test('of a newer program is refused', async () => {
    const folder = temporaryFolder()
    await (await open(folder)).close()
    tamper(folder, 'update schema_version set version = 99')
    await expect(open(folder)).rejects.toMatchObject({ name: 'RegistryTooNew' })
  })
})

test('a second custodian over the same registry is refused', async () => {
  const folder = temporaryFolder()
  await open(folder)
  await expect(open(folder)).rejects.toMatchObject({ name: 'RegistryInUse' })
})

describe('a root file', () => {
  test('that is lost stops the start and is never made anew', async () => {
    const folder = temporaryFolder()
    await (await open(folder)).close()
    rmSync(join(folder, 'root.key'))
    await expect(open(folder)).rejects.toMatchObject({
      code: 'RootKeyMissing',
      message: expect.stringMatching(/backup/),
    })
    expect(existsSync(join(folder, 'root.key'))).toBe(false)
  })

  test('that holds another root stops the start', async () => {
    const folder = temporaryFolder()
    await (await open(folder)).close()
    writeFileSync(join(folder, 'root.key'), crypto.getRandomValues(new Uint8Array(32)))
    await expect(open(folder)).rejects.toMatchObject({ code: 'RootKeyChanged' })
  })

  test('under a registry that a passphrase seals stops the start', async () => {
    const folder = temporaryFolder()
    await (await open(folder)).close()
    const root = passphraseRoot(async () => 'correct horse battery staple')
    const opening = openEmbeddedCustodian({ registry: join(folder, 'custody.db'), root })
    await expect(opening).rejects.toMatchObject({ code: 'SealMismatch' })
  })

  test('that others can read is refused with the command that cures it', async () => {
    const folder = temporaryFolder()
    await (await open(folder)).close()
    chmodSync(join(folder, 'root.key'), 0o640)
    await expect(open(folder)).rejects.toMatchObject({
      code: 'RootKeyUnsafe',
      message: /mode 0640.*chmod 600/,
    })
  })

  test.each([
    ['31 bytes', new Uint8Array(31).fill(7)],
    ['33 bytes', new Uint8Array(33).fill(7)],
    ['zeros', new Uint8Array(32)],
  ])('of %s is refused', async (_, content) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'root.key'), content, { mode: 0o600 })
    await expect(open(folder)).rejects.toMatchObject({ code: 'RootKeyUnsafe' })
  })
})
