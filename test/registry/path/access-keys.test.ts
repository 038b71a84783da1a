import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AccessKey } from '../../../src/registry/path/access-keys.ts'
import { openPathRegistry } from '../../../src/registry/path/registry.ts'
import { openFixture } from './fixture.ts'

const accessKey = (id: string): Omit<AccessKey, 'created'> => ({
  id,
  secret: randomBytes(30).toString('base64url'),
  tenant: 'acme',
  grants: [{ buckets: ['*'], actions: ['read', 'write'], expires: new Date('2030-01-01T00:00:00Z') }],
})

describe('access keys', () => {
  test('a new key is known at once to a process that was already running', async () => {
    const { registry, another } = await openFixture()
    const other = await another()
    expect(await other.accessKeys.find('TH1')).toBeUndefined()
    const key = { ...accessKey('TH1'), storeCredential: 'second' }
    await registry.accessKeys.put(key)
    expect(await other.accessKeys.find('TH1')).toEqual({ ...key, created: expect.any(Date) })
  })

  test('a removed key is unknown to another process within a second or so', async () => {
    const { registry, another } = await openFixture()
    const other = await another()
    await registry.accessKeys.put(accessKey('TH1'))
    expect(await other.accessKeys.find('TH1')).toBeDefined()
    await registry.accessKeys.remove('TH1')
    expect(await registry.accessKeys.find('TH1')).toBeUndefined()
    await expect.poll(() => other.accessKeys.find('TH1'), { timeout: 10_000, interval: 50 }).toBeUndefined()
  })

  test('a key whose time is over is not found', async () => {
    const { registry } = await openFixture()
    await registry.accessKeys.put({ ...accessKey('old'), expires: new Date(Date.now() - 1) })
    await registry.accessKeys.put({ ...accessKey('new'), expires: new Date(Date.now() + 60_000) })
    expect(await registry.accessKeys.find('old')).toBeUndefined()
    expect(await registry.accessKeys.find('new')).toBeDefined()
  })

  test('no secret stands in the files, which only their owner may read', async () => {
    const { registry, folder } = await openFixture()
    const key = accessKey('TH1')
    await registry.accessKeys.put(key)
    for (const name of readdirSync(folder)) {
      const file = join(folder, name)
      expect(statSync(file).mode & 0o077).toBe(0)
      expect(readFileSync(file).includes(key.secret)).toBe(false)
    }
  })

  test('a secret moved to another row, or opened with another key, does not open', async () => {
    const { registry, file, key } = await openFixture()
    await registry.accessKeys.put(accessKey('TH1'))
    await registry.accessKeys.put(accessKey('TH2'))
    const stranger = await openPathRegistry({ file, key: randomBytes(32) })
    await expect(stranger.accessKeys.find('TH1')).rejects.toThrow()
    await stranger.close()

    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(file)
    database.exec(`update access_key set secret = (select secret from access_key where id = 'TH2')`)
    database.close()
    const reopened = await openPathRegistry({ file, key })
    await expect(reopened.accessKeys.find('TH1')).rejects.toThrow()
    await reopened.close()
  })

  test('a folder of a newer version is refused with what to do', async () => {
    const { registry, file, key } = await openFixture()
    await registry.close()
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(file)
    database.exec('update schema_version set version = 999')
    database.close()
    await expect(openPathRegistry({ file, key })).rejects.toThrow(/schema 999.*Start the program version/)
  })
})
