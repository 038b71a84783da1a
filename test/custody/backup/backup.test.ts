import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { makeBackup } from '../../../src/custody/backup/backup.ts'
import { readManifest } from '../../../src/custody/backup/file.ts'
import { restoreBackup } from '../../../src/custody/backup/restore.ts'
import { destroyChosen } from '../../../src/custody/erasure/erasure.ts'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import type { OfficerRecord } from '../../../src/custody/people.ts'
import { COPIED_TABLES } from '../../../src/registry/custody/copy.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { temporaryFolder } from '../folder.ts'
import { govern, HOUR } from '../governed.ts'
import { cast, ceremony, startAttended } from '../server/attended.ts'
import { call } from '../server/officers-client.ts'
import { addTenant, ground, recipient } from './ground.ts'

test('a backup put into an empty registry brings back every key, also those made after it', async () => {
  const { custodian, target, pull, restored, keyOf } = await ground()
  const before = await keyOf(custodian, 'photos')
  const { file, manifest } = await makeBackup(custodian.custody, target, 'a test')
  const after = await keyOf(custodian, 'films')
  await pull()
  await custodian.close()

  const { custody, open, keys, adopted, manifest: read } = await restored(file, true)
  expect(read).toEqual(manifest)
  expect(keys).toBe(1)
  expect(adopted!.entries).toBeGreaterThan(0)
  expect(custody.state).toBe('restored')
  await open()
  expect(custody.state).toBe('unsealed')
  expect(await keyOf({ custody }, 'photos')).toEqual(before)
  expect(await keyOf({ custody }, 'films')).toEqual(after)
})

test('an export of thousands of keys, a row of megabytes, goes into a backup and comes back', async () => {
  const { custodian, target, restored } = await ground()
  const document = 'an export\n'.repeat(300_000)
  const row = { proposal: 'p', tenant: 'acme', document, made: 1 }
  await custodian.registry.write(transaction => transaction.insertInto('exports').values(row).execute())
  const { file } = await makeBackup(custodian.custody, target, 'a test')
  await custodian.close()
  const { registry } = (await restored(file, false)).custody
  expect(await registry.database.selectFrom('exports').selectAll().execute()).toEqual([row])
})

test('a restored registry that lacks what the witness has seen does not open', async () => {
  const { custodian, target, restored } = await ground()
  const { file } = await makeBackup(custodian.custody, target, 'a test')
  await addTenant(custodian.custody, 'later')
  await custodian.custody.opened().witnessing.round()
  await custodian.close()

  const { custody, open } = await restored(file, false)
  await expect(open()).rejects.toMatchObject({ code: 'Restored' })
  expect(custody.state).toBe('restored')
})

test('a kill, a lifted kill and a revoked officer after the backup are replayed from the mirror', async () => {
  const { custodian, target, pull, restored } = await ground()
  const { custody, people } = custodian
  const { file } = await makeBackup(custody, target, 'a test')
  await custody.kill('acme', 'dora', 'a drill')
  await custodian.pass('lift-kill', { target: custody.stops[0]!.since })
  await custody.kill('globex', 'dora', 'a fire')
  const { fingerprint } = people.cem
  const kept = await custody.opened().records.find<OfficerRecord>('officer', fingerprint)
  const entry = { type: 'policy', at: custody.now(), body: {} } as const
  await custody.keep('officer', fingerprint, kept, { ...kept!.body, state: 'removed' }, entry)
  await pull()
  await custodian.close()

  const next = await restored(file, true)
  await next.open()
  expect(next.custody.stops).toMatchObject([{ kind: 'killed', scope: 'globex', reason: 'a fire' }])
  const { records } = next.custody.opened()
  expect((await records.find('officer', fingerprint))!.body).toMatchObject({ state: 'removed' })
})

test('keys destroyed after the backup are destroyed again, those made since are not', async () => {
  const { custodian, target, pull, restored, keyOf, clock } = await ground()
  const { custody } = custodian
  const doomed = await keyOf(custodian, 'photos')
  const { file } = await makeBackup(custody, target, 'a test')
  await destroyChosen(custody, 'acme', ['*'], 'ab'.repeat(32))
  clock.ahead = HOUR
  const made = await keyOf(custodian, 'films')
  await pull()
  await custodian.close()

  const next = await restored(file, true)
  await next.open()
  const rows = await next.registry.database
    .selectFrom('group_keys')
    .select(['id', 'state', 'wrapped'])
    .execute()
  const stateOf = (id: Uint8Array) => rows.find(row => Buffer.from(row.id).equals(id))
  expect(stateOf(doomed.id)).toMatchObject({ state: 'destroyed', wrapped: new Uint8Array(0) })
  expect((await keyOf(next, 'films')).key).toEqual(made.key)
})

test('an old registry put back by hand is found out by the witness, and stays barred across restarts', async () => {
  const { custodian, under } = await ground()
  const file = `${temporaryFolder()}/custody.db`
  await sql`vacuum into ${sql.lit(file)}`.execute(custodian.registry.database)
  await addTenant(custodian.custody, 'later')
  await custodian.custody.opened().witnessing.round()
  await custodian.close()
  for (let start = 0; start < 2; start++) {
    const old = await govern({ ...under, registry: await openSqliteRegistry(file) })
    await expect(old.open()).rejects.toMatchObject({ code: 'Forked' })
    expect(old.custody.state).toBe('forked')
    await old.close()
  }
})

test('a byte that was changed, and a backup cut short, are refused before anything is written', async () => {
  const { custodian, target, privateKey, log } = await ground()
  const { file } = await makeBackup(custodian.custody, target, 'a test')
  const bytes = readFileSync(file)
  const about = { folder: target.folder, privateKey, log, now: Date.now() }
  for (const altered of [flipped(bytes, 60), flipped(bytes, bytes.length >> 1), bytes.subarray(0, -200)]) {
    const path = join(temporaryFolder(), 'altered')
    writeFileSync(path, altered)
    const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
    await expect(restoreBackup(registry, { ...about, file: path })).rejects.toMatchObject({
      name: 'CustodyError',
    })
    expect(await registry.database.selectFrom('seal').selectAll().execute()).toEqual([])
    await registry.close()
  }
})

test('a backup opens with the recipient alone, and goes into an empty registry alone', async () => {
  const { custodian, target, privateKey, log } = await ground()
  const { file } = await makeBackup(custodian.custody, target, 'a test')
  const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
  const about = { file, folder: target.folder, log, now: Date.now() }
  const stranger = (await generateHpkeKey()).privateKey
  await expect(restoreBackup(registry, { ...about, privateKey: stranger })).rejects.toMatchObject({
    code: 'Unverified',
  })
  await restoreBackup(registry, { ...about, privateKey })
  await expect(restoreBackup(registry, { ...about, privateKey })).rejects.toMatchObject({ code: 'Conflict' })
  await registry.close()
})

test('a key seals nothing while the backup target is away', async () => {
  const { custodian, target, keyOf } = await ground()
  const { custody } = custodian
  rmSync(target.folder, { recursive: true })
  writeFileSync(target.folder, 'no folder any more')
  await expect(keyOf(custodian, 'photos')).rejects.toMatchObject({ code: 'Unreachable' })
  await expect(makeBackup(custody, target, 'a test')).rejects.toMatchObject({ code: 'Unreachable' })
  await expect(makeBackup(custody, undefined, 'a test')).rejects.toMatchObject({ code: 'Refused' })
  rmSync(target.folder)
  expect(await keyOf(custodian, 'photos')).toMatchObject({ state: 'active' })
})

test('an officer backs up at a word, the log says so, and backups older than 35 days are removed', async () => {
  const { target } = await recipient()
  const people = await cast()
  const custodian = await startAttended({ backup: target })
  const officers = await ceremony(custodian, people)
  const old = join(target.folder, `${String(Date.now() - 36 * 24 * HOUR).padStart(13, '0')}-5.backup`)
  writeFileSync(old, 'an old one')
  const keys = join(target.folder, 'keys')
  mkdirSync(keys)
  for (const [name, days] of [
    ['old', 36],
    ['new', 34],
  ] as const) {
    writeFileSync(join(keys, name), '')
    const made = Date.now() / 1000 - days * 24 * 3600
    utimesSync(join(keys, name), made, made)
  }
  const answer = await call(officers.port, 'POST', '/v1/backups', officers.signed('backup', {}, people.ben))
  expect(answer.status).toBe(201)
  const { log } = custodian.custody.opened()
  const entry = (await log.leaf(log.head.size - 1)).toString()
  expect(entry).toContain(String(answer.json['digest']))
  expect(readdirSync(target.folder).filter(name => name.endsWith('.backup'))).toHaveLength(1)
  expect(readdirSync(keys)).toEqual(['new'])
  const manifest = await readManifest(String(answer.json['file']), log.verifier)
  expect(manifest.size).toBe(log.head.size - 1)
  const look = officers.signed('look', {}, people.ben)
  expect((await call(officers.port, 'GET', '/v1/status', undefined, look)).json).toMatchObject({
    backup: { last: manifest.made },
  })
  expect((await call(officers.port, 'POST', '/v1/backups', {})).status).toBe(403)
})

test('no table of the registry is forgotten by a backup', async () => {
  const registry = await openSqliteRegistry(`${temporaryFolder()}/custody.db`)
  const tables = await registry.database.introspection.getTables()
  // The term is the registry's own, and what callers did lately counts for a day at most.
  const left = ['term', 'schema_version', 'answers', 'seen']
  const kept = tables.map(({ name }) => name).filter(name => !left.includes(name))
  expect([...COPIED_TABLES].sort()).toEqual(kept.sort())
  await registry.close()
})

function flipped(bytes: Buffer, at: number): Buffer {
  const altered = Buffer.from(bytes)
  altered[at]! ^= 1
  return altered
}
