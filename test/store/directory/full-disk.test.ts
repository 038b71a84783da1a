import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './temporary.ts'

/** A file system of a few megabytes of its own needs Linux and leave to make namespaces. */
const unshare = spawnSync('unshare', ['-rm', 'true'])
const CHILD = join(import.meta.dirname, 'full-disk-child.ts')

test.skipIf(unshare.status !== 0)(
  'a full disk refuses writes, keeps what it has, and serves again when space is freed',
  async () => {
    const path = await temporaryFolder()
    const script = 'mount -t tmpfs -o size=64m none "$1" && exec "$2" "$3" "$1/data"'
    const run = spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', path, process.execPath, CHILD], {
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    const { failure, written, readable, listed, after } = JSON.parse(run.stdout)
    expect(failure).toEqual({ name: 'StoreUnavailable', reason: 'full' })
    expect(written).toBeGreaterThan(5)
    expect(readable).toBe(written)
    expect(listed).toBe(written)
    expect(after).toBe('written')
  },
  60_000,
)
