import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { PLAIN, pattern, put, putPart } from '../contract/bytes.ts'
import { temporaryFolder } from './temporary.ts'

/** A kill leaves the kernel's memory alive, so it cannot show a missing fsync: this looks at the calls. */
test.skipIf(process.platform !== 'linux').each([1000, 300_000])(
  'bytes, names and index are on the disk before a PUT of %i bytes is answered',
  async length => {
    const synced: string[] = []
    const fsync = fs.fsync
    vi.spyOn(fs, 'fsync').mockImplementation(((descriptor: number, done: (error: Error | null) => void) => {
      const name = fs.readlinkSync(`/proc/self/fd/${descriptor}`)
      fsync(descriptor, error => {
        synced.push(name)
        done(error)
      })
    }) as typeof fs.fsync)
    vi.resetModules()
    const { openDirectoryStore } = await import('../../../src/store/directory/open.ts')
    const path = await temporaryFolder()
    const store = await openDirectoryStore({ path })
    await store.createBucket('abc', {})
    const at = { bucket: 'abc', key: 'k' }

    const first = join(path, 'payload', '000000', '000')
    await put(store, at, pattern(length))
    expect(synced).toContain(join(first, '000'))
    expect(synced).toContain(first)
    expect(synced).toContain(join(path, 'payload', '000000'))
    expect(synced).toContain(join(path, 'payload'))
    expect(synced).toContain(path)

    synced.length = 0
    const uploadId = await store.createUpload(at, PLAIN)
    await putPart(store, at, uploadId, 1, pattern(length))
    expect(synced).toContain(join(first, '001'))
    expect(synced).toContain(first)
    await store.close()
    vi.restoreAllMocks()
  },
)

test('the index waits for the disk at every COMMIT', async () => {
  const { connectIndex } = await import('../../../src/store/directory/catalog/sqlite.ts')
  const index = connectIndex(join(await temporaryFolder(), 'index.sqlite'))
  expect(index.sql.get`PRAGMA synchronous`).toEqual({ synchronous: 2 })
  expect(index.sql.get`PRAGMA journal_mode`).toEqual({ journal_mode: 'wal' })
  expect(index.sql.get`PRAGMA fullfsync`).toEqual({ fullfsync: 1 })
  index.close()
})
