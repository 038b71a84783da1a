import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connectIndex } from '../../../src/store/directory/catalog/sqlite.ts'
import type { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import { get, pattern } from '../contract/bytes.ts'
import { CrashLog, type Value } from './crash-log.ts'
import { payloadFiles, temporaryFolder } from './temporary.ts'

const KILLS = process.env['SLOW'] ? 150 : 6
const CHILD = join(import.meta.dirname, 'crash-child.ts')

/**
 * Runs a writer and kills it (SIGKILL) when it has said so many lines; 0: some time after its start, before it
 * said anything or not. Returns what it said.
 */
async function killedWriter(path: string, family: string, seed: number, lines: number): Promise<string> {
  const child = spawn(process.execPath, [CHILD, path, family, String(seed)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  let left = lines
  child.stdout.on('data', (data: Buffer) => {
    output += data
    left -= data.filter(byte => byte === 10).length
    if (lines > 0 && left <= 0) child.kill('SIGKILL')
  })
  child.stderr.on('data', data => {
    errors += data
  })
  if (lines === 0) void sleep(randomInt(1000)).then(() => child.kill('SIGKILL'))
  await new Promise(resolve => child.once('close', resolve))
  expect(errors, 'the writer failed by itself').toBe('')
  return output
}

/** Every key holds what was answered, or what was under way; nothing else is shown. */
async function checkKeys(store: DirectoryStore, log: CrashLog): Promise<void> {
  const { objects } = await store.list('plain', { version: 2, limit: 1000 })
  const listed = new Map(objects.map(({ key, length }) => [key, length]))
  for (const key of listed.keys()) expect(log.answered.has(key) || log.begun.has(key), key).toBe(true)
  for (const key of new Set([...log.answered.keys(), ...log.begun.keys()])) {
    const allowed = [log.answered.get(key) ?? null, ...(log.begun.has(key) ? [log.begun.get(key)!] : [])]
    const held = await heldOf(store, key, allowed)
    expect(held, `${key} holds none of ${JSON.stringify(allowed)}`).not.toBe('something else')
    expect(listed.get(key)).toBe((held as Value | null)?.length)
    log.settle(key, held as Value | null)
  }
}

async function heldOf(
  store: DirectoryStore,
  key: string,
  allowed: (Value | null)[],
): Promise<Value | null | 'something else'> {
  const bytes = await get(store, { bucket: 'plain', key }).catch(error => {
    if (error.code === 'NoSuchKey') return null
    throw error
  })
  const found = allowed.find(value =>
    value === null || bytes === null ? value === bytes : pattern(value.length, value.seed).equals(bytes),
  )
  return found === undefined ? 'something else' : found
}

/** Every version that was answered is there for good. */
async function checkVersions(store: DirectoryStore, log: CrashLog): Promise<void> {
  for (const { key, version, is } of log.versions)
    expect(
      (await get(store, { bucket: 'versioned', key, versionId: version })).equals(
        pattern(is.length, is.seed),
      ),
    ).toBe(true)
}

/** The disk holds the files that the index names, whole, and no other. */
async function checkFiles(path: string): Promise<void> {
  const index = connectIndex(join(path, 'index.sqlite'))
  expect(index.sql.get`PRAGMA integrity_check`).toEqual({ integrity_check: 'ok' })
  expect(index.sql.get`PRAGMA foreign_key_check`).toBeUndefined()
  const { named } = index.sql.get`SELECT count(DISTINCT file) AS named FROM piece` as { named: number }
  expect(
    index.sql.all`SELECT * FROM garbage UNION ALL SELECT * FROM session UNION ALL SELECT * FROM block`,
  ).toEqual([])
  index.close()
  expect(await payloadFiles(path)).toHaveLength(named)
}

test('a kill at any moment loses nothing that was answered and shows nothing that was not', async () => {
  const path = await temporaryFolder()
  const log = new CrashLog()
  const seed = randomInt(1 << 30)
  for (let kill = 0; kill < KILLS; kill++) {
    const label = `kill ${kill} of seed ${seed}`
    log.read(await killedWriter(path, 'crash', seed + kill, kill % 4 === 3 ? 0 : randomInt(1, 300)))
    const store = await openDirectoryStore({ path })
    if (log.ready > 0) await checkKeys(store, log)
    await store.close()
    await checkFiles(path).catch(error => {
      throw new Error(label, { cause: error })
    })
  }
  const store = await openDirectoryStore({ path })
  await checkVersions(store, log)
  await store.close()
}, 600_000)

test('a worker that is killed beside another takes nothing with it', async () => {
  const path = await temporaryFolder()
  const log = new CrashLog()
  const store = await openDirectoryStore({ path, family: 'workers' })
  await store.createBucket('mine', {})
  for (let kill = 0; kill < 3; kill++) {
    log.read(await killedWriter(path, 'workers', kill, 200))
    // A worker that replaces the dead one sweeps behind it.
    await (await openDirectoryStore({ path, family: 'workers' })).close()
  }
  await checkKeys(store, log)
  await checkVersions(store, log)
  await store.sweep()
  await store.close()
  await checkFiles(path)
}, 60_000)
