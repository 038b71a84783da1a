import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('a trustee and a customer go from the ceremony to a verified log by their commands alone', async () => {
  const script = join(import.meta.dirname, '../../tools/demo/commands.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 2 ** 24 })
  expect(stdout).toContain('Everything did what it says.')
}, 900_000)
