import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { runTreuhand, startTreuhand } from '../harness/treuhand.ts'
import { emptyFolder } from './folder.ts'

// Each test starts processes, which takes as long as the machine is busy.
vi.setConfig({ testTimeout: 120_000 })

/** What each check found, by what it looked at. */
async function check(...args: string[]) {
  const { code, stdout } = await runTreuhand(['check', '--json', ...args])
  const lines = stdout.trim().split('\n')
  const found = lines.map(line => JSON.parse(line) as { about: string; result: string; found: string })
  return { code, stdout, found: Object.fromEntries(found.map(each => [each.about, each])) }
}

test('before the first start nothing is in the way, and nothing is made', async () => {
  const data = join(emptyFolder(), 'data')
  const { code, found } = await check('--data', data, '--port', '1')
  expect(code).toBe(0)
  expect(found['data']).toMatchObject({ result: 'ok', found: expect.stringContaining('first start') })
  expect(found['listener']!.found).toContain('Nothing listens')
  expect(existsSync(data)).toBe(false)
})

test('beside a running proxy it says what is doubtful, and no secret', async () => {
  const data = emptyFolder()
  const treuhand = await startTreuhand({ data })
  onTestFinished(() => void treuhand.stop('SIGKILL'))
  const { code, stdout, found } = await check('--data', data, '--port', new URL(treuhand.endpoint).port)
  expect(code).toBe(0)
  expect(found['keys']).toMatchObject({ result: 'doubtful', found: expect.stringContaining('root.key') })
  expect(found['access keys']!.found).toBe('1 are known, of which 0 have expired.')
  expect(found['listener']!.found).toContain('Something listens')
  const secret = /aws_secret_access_key *= *(\S+)/.exec(readFileSync(join(data, 'credentials'), 'utf8'))![1]!
  expect(stdout).not.toContain(secret)
  await treuhand.stop('SIGTERM')
  chmodSync(join(data, 'root.key'), 0o644)
  const readable = await check('--data', data)
  expect(readable.code).toBe(1)
  expect(readable.found['keys']).toMatchObject({
    result: 'failed',
    found: expect.stringContaining('chmod 600'),
  })
})

test('a store and a custodian that are away are told, each with its cure, and by the exit code', async () => {
  const folder = emptyFolder()
  writeFileSync(
    join(folder, 'store-credentials'),
    '[default]\naws_access_key_id = A\naws_secret_access_key = not-to-be-shown\n',
    { mode: 0o600 },
  )
  const config = join(folder, 'treuhand.json')
  const store = { kind: 's3', endpoint: 'http://127.0.0.1:1', credentials: 'store-credentials' }
  const keys = { kind: 'custodian', urls: ['https://127.0.0.1:1'], credentials: 'enrolled' }
  writeFileSync(config, JSON.stringify({ store, keys }))
  const { code, stdout, found } = await check('--config', config)
  expect(code).toBe(8)
  expect(found['store']).toMatchObject({ result: 'failed', found: expect.stringContaining('ECONNREFUSED') })
  expect(found['keys']).toMatchObject({ result: 'failed', found: expect.stringContaining('treuhand enrol') })
  expect(stdout).not.toContain('not-to-be-shown')
})
