import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../folder.ts'

/** A file system of a few megabytes of its own needs Linux and leave to make namespaces. */
const unshare = spawnSync('unshare', ['-rm', 'true'])
const CHILD = join(import.meta.dirname, 'full-disk-child.ts')

test.skipIf(unshare.status !== 0)(
  'a custodian whose disk is full leases nothing that its log does not show, keeps a decision whole or not at all, and goes on when there is space',
  { timeout: 180_000 },
  () => {
    const script =
      'mount -t tmpfs -o size=16m none "$1" && exec "$2" --disable-warning=ExperimentalWarning "$3" "$1"'
    const args = ['-rm', 'sh', '-c', script, 'sh', temporaryFolder(), process.execPath, CHILD]
    const run = spawnSync('unshare', args, { encoding: 'utf8' })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual({
      before: 'leased',
      failed: 'unreachable',
      undecided: 'lost',
      after: ['leased', 'leased'],
      decided: ['kept', true],
      missing: [],
    })
  },
)
