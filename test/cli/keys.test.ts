import { execFile } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { sealKey, writeKeyExport } from '../../src/custody/export/key-export.ts'
import { signer, verifierKey } from '../../src/custody/log/note.ts'
import { emptyFolder } from './folder.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const log = signer('trustee.example/log', 1, Buffer.alloc(32, 1))

// Each test starts processes, which takes as long as the machine is busy.
vi.setConfig({ testTimeout: 120_000 })

async function keys(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const ran = await promisify(execFile)(process.execPath, [MAIN, 'custodian', 'keys', ...args])
    return { code: 0, ...ran }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}

test('an export is opened offline by its recipient, into a file of mode 0600, and by nobody else', async () => {
  const folder = emptyFolder()
  const [own, other] = [join(folder, 'own'), join(folder, 'other')]
  const made = await keys('recipient', '--json', own)
  await keys('recipient', other)
  expect(statSync(own).mode & 0o777).toBe(0o600)
  const { publicKey } = JSON.parse(made.stdout)
  const key = Buffer.alloc(32, 7)
  const about = { id: Buffer.alloc(16, 3), bucket: 'photos', epoch: '2026-11' }
  const document = writeKeyExport(
    {
      ...{ origin: log.name, made: 1_790_000_000_000, tenant: 'acme', split: false, proposal: null },
      recipient: publicKey,
      keys: [await sealKey(log.name, 'acme', about, key, Buffer.from(publicKey, 'base64url'))],
    },
    log,
  )
  const exported = join(folder, 'export')
  writeFileSync(exported, document)
  const open = async (to: string, by = own, trusted = log) =>
    await keys('open', '--key', by, '--log', verifierKey(trusted), exported, join(folder, to))

  expect((await open('opened')).code).toBe(0)
  expect(statSync(join(folder, 'opened')).mode & 0o777).toBe(0o600)
  expect(JSON.parse(readFileSync(join(folder, 'opened'), 'utf8'))).toMatchObject({
    format: 'treuhand-keys/v1',
    keys: [{ tenant: 'acme', bucket: 'photos', epoch: '2026-11', key: key.toString('base64') }],
  })
  expect((await open('opened')).code).toBe(7)
  expect((await open('stolen', other)).code).toBe(9)
  expect((await open('forged', own, signer(log.name, 1, Buffer.alloc(32, 2)))).code).toBe(9)
  expect(() => statSync(join(folder, 'stolen'))).toThrow()
})
