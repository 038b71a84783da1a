import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeBackup } from '../../src/custody/backup/backup.ts'
import { generateHpkeKey } from '../../src/custody/hpke.ts'
import { verifierKey } from '../../src/custody/log/note.ts'
import { pythonProgram } from '../../tools/python.ts'
import { recipient } from '../custody/backup/ground.ts'
import { temporaryFolder } from '../custody/folder.ts'
import { govern } from '../custody/governed.ts'
import vector from '../vectors/custody/backup.json' with { type: 'json' }

const READER = join(import.meta.dirname, 'backup-reader', 'read_backup.py')

/** What a reader says that was written from docs/custody-formats.md alone. */
async function read(file: string, ...keys: readonly string[]) {
  const python = await pythonProgram('python')
  const { status, stdout, stderr } = spawnSync(python, [READER, file, ...keys], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const [manifest = '', ...lines] = stdout.split('\n').slice(0, -1)
  return { status, stderr, manifest: manifest && JSON.parse(manifest), lines }
}

test('a reader of other origin opens the vector of a backup, and refuses it altered', async () => {
  const bytes = Buffer.from(vector.backup, 'base64')
  const file = join(temporaryFolder(), 'a.backup')
  writeFileSync(file, bytes)
  const { manifest, lines } = await read(file, vector.log, vector.privateKey)
  expect(manifest).toMatchObject(vector.manifest)
  expect(lines.map(line => `${line}\n`)).toEqual(vector.lines)
  const other = (await generateHpkeKey()).privateKey.toString('base64url')
  expect(await read(file, vector.log, other)).toMatchObject({ status: 1, lines: [] })
  bytes[60]! ^= 1
  writeFileSync(file, bytes)
  expect((await read(file, vector.log)).stderr).toContain('was altered')
})

test('a reader of other origin reads the rows of a real backup', async () => {
  const { target, privateKey } = await recipient()
  const place = await govern()
  await place.open()
  const { log } = place.custody.opened()
  const { file } = await makeBackup(place.custody, target, 'a test')
  const { manifest, lines } = await read(file, verifierKey(log.verifier), privateKey.toString('base64url'))
  expect(manifest).toMatchObject({ origin: place.custody.origin, size: log.head.size - 1 })
  const tables = lines.map(line => JSON.parse(line)[0] as string)
  expect(tables.filter(table => table === 'log_leaves')).toHaveLength(manifest.size)
  const records = await place.registry.database.selectFrom('records').select('id').execute()
  expect(tables.filter(table => table === 'records')).toHaveLength(records.length)
})
