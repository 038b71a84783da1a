import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { PROGRAM } from '../harness/treuhand.ts'

// Each test starts processes, which takes as long as the machine is busy.
vi.setConfig({ testTimeout: 120_000 })

/** What `custodian status` ends with, and says. */
async function status(environment: NodeJS.ProcessEnv, ...flags: string[]) {
  const run = promisify(execFile)(process.execPath, [PROGRAM, 'custodian', 'status', ...flags], {
    env: { ...process.env, ...environment },
  })
  return await run.catch((error: { code: number; stderr: string }) => error)
}

const AUTHORITY = join(import.meta.dirname, '../../package.json')

test('a custodian that the environment names need not be named again, and a flag overrides it', async () => {
  const environment = { TREUHAND_CUSTODIAN: 'https://127.0.0.1:1', TREUHAND_AUTHORITY: AUTHORITY }
  expect(await status(environment)).toMatchObject({
    code: 8,
    stderr: expect.stringContaining('127.0.0.1:1 '),
  })
  const other = await status(environment, '--custodian', 'https://127.0.0.1:2')
  expect(other).toMatchObject({ code: 8, stderr: expect.stringContaining('127.0.0.1:2 ') })
  const none = { ...environment, TREUHAND_AUTHORITY: '' }
  expect(await status(none)).toMatchObject({ code: 2, stderr: expect.stringContaining('--authority') })
})
