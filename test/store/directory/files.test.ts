import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Catalog } from '../../../src/store/directory/catalog/catalog.ts'
import type { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import { Blocks } from '../../../src/store/directory/payload/blocks.ts'
import { filePath } from '../../../src/store/directory/payload/file-name.ts'
import { PayloadFile } from '../../../src/store/directory/payload/payload-file.ts'
import { get, PLAIN, pattern, put, putPart, readAll } from '../contract/bytes.ts'
import { refusalCode } from '../contract/subject.ts'
import { payloadFiles, temporaryFolder } from './temporary.ts'

const bucket = 'files'

async function opened(): Promise<{ store: DirectoryStore; path: string; files: () => Promise<string[]> }> {
  const path = await temporaryFolder()
  const store = await openDirectoryStore({ path })
  await store.createBucket(bucket, {})
  // A sweep ends when the files that were freed before it are gone.
  const files = async () => {
    await store.sweep()
    return payloadFiles(path)
  }
  return { store, path, files }
}

test('what is overwritten or deleted leaves no file behind, and no empty folder but the one in use', async () => {
  const { store, path, files } = await opened()
  for (let i = 0; i < 10; i++) await put(store, { bucket, key: 'k' }, pattern(1000, i))
  expect(await files()).toHaveLength(1)
  await store.delete({ bucket, key: 'k' }, {})
  expect(await files()).toEqual([])
  await store.close()
  await (await openDirectoryStore({ path })).close()
  expect(await payloadFiles(path)).toEqual([])
})

test('an empty object has no file', async () => {
  const { store, files } = await opened()
  await put(store, { bucket, key: 'k' }, Buffer.alloc(0))
  expect(await files()).toEqual([])
  expect(await get(store, { bucket, key: 'k' })).toHaveLength(0)
  await store.close()
})

test('copies share their source’s file until the last of them has gone', async () => {
  const { store, files } = await opened()
  await put(store, { bucket, key: 'a' }, pattern(300_000))
  await store.copy({ bucket, key: 'a' }, { bucket, key: 'b' }, PLAIN, {})
  await store.copy({ bucket, key: 'b' }, { bucket, key: 'b' }, PLAIN, {})
  expect(await files()).toHaveLength(1)
  await store.delete({ bucket, key: 'a' }, {})
  expect(await files()).toHaveLength(1)
  expect((await get(store, { bucket, key: 'b' })).equals(pattern(300_000))).toBe(true)
  await store.delete({ bucket, key: 'b' }, {})
  expect(await files()).toEqual([])
  await store.close()
})

test('Complete keeps the files of its parts and no other', async () => {
  const { store, files } = await opened()
  const at = { bucket, key: 'k' }
  const uploadId = await store.createUpload(at, PLAIN)
  await putPart(store, at, uploadId, 1, pattern(10, 1))
  await putPart(store, at, uploadId, 1, pattern(10, 2))
  const last = await putPart(store, at, uploadId, 2, pattern(10, 3))
  expect(await files()).toHaveLength(2)
  await store.completeUpload(at, uploadId, [last], {})
  expect(await files()).toHaveLength(1)
  await store.close()
})

test('writers that are refused, given up or too short leave no file', async () => {
  const { store, files } = await opened()
  const at = { bucket, key: 'k' }
  for (const length of [1000, 300_000]) {
    const refused = await store.put(at, PLAIN, length, { ifMatch: 'none' })
    await refused.write([pattern(length)])
    expect(await refusalCode(refused.finish())).toBe('NoSuchKey')
    const short = await store.put(at, PLAIN, length, {})
    await short.write([pattern(length - 1)])
    expect(await refusalCode(short.finish())).toBe('IncompleteBody')
    const long = await store.put(at, PLAIN, length, {})
    expect(() => long.write([pattern(length + 1)])).toThrow('IncompleteBody')
    long.abort()
    const given = await store.put(at, PLAIN, length, {})
    await given.write([pattern(length)])
    given.abort()
  }
  await expect.poll(files).toEqual([])
  await store.close()
})

test('a writer that is given up after it was refused is counted once', async () => {
  const { store, path } = await opened()
  for (const length of [1000, 300_000]) {
    const refused = await store.put({ bucket, key: 'k' }, PLAIN, length, { ifMatch: 'none' })
    await refused.write([pattern(length)])
    expect(await refusalCode(refused.finish())).toBe('NoSuchKey')
    refused.abort()
  }
  await store.close()
  // A store that has lost count of its files leaves its session behind, for the next start to look through.
  expect(await readdir(`${path}/sessions`)).toEqual([])
})

test('a file that the index names outlives its writer, even one that is given up afterwards', async () => {
  const path = await temporaryFolder()
  const blocks = new Blocks({ change: async () => 0 } as unknown as Catalog, path, 1)
  const file = await PayloadFile.begin(blocks, path, 10)
  file.write([pattern(10)])
  const number = await file.seal()
  file.keep()
  await file.discard()
  expect((await readFile(filePath(path, number))).equals(pattern(10))).toBe(true)
  expect(blocks.settled).toBe(true)
})

test('a reader of many pieces keeps all of them, and they go when it has ended', async () => {
  const { store, files } = await opened()
  const at = { bucket, key: 'k' }
  const source = { bucket, key: 'source' }
  const uploadId = await store.createUpload(at, PLAIN)
  const bytes = pattern(5 * 1024 * 1024)
  const { etag } = await put(store, source, bytes)
  const range = { first: 0, last: bytes.length - 1 }
  const parts: { number: number; etag: string }[] = []
  for (let number = 1; number <= 17; number++)
    parts.push({ number, ...(await store.copyPart(source, range, at, uploadId, number, etag)) })
  for (const number of [18, 19])
    parts.push(await putPart(store, at, uploadId, number, number === 18 ? bytes : pattern(7)))
  await store.completeUpload(at, uploadId, parts, {})
  const reading = await store.get(at, { first: 16 * bytes.length }, {})
  const whole = await store.get(at, { first: bytes.length - 5, last: 18 * bytes.length + 6 }, {})
  await store.delete(at, {})
  await store.delete(source, {})
  expect(await files()).toHaveLength(3)
  expect((await readAll(reading.body)).subarray(-7).equals(pattern(7))).toBe(true)
  const tail = (await readAll(whole.body)).subarray(5)
  for (let i = 0; i < 17; i++)
    expect(tail.subarray(i * bytes.length, (i + 1) * bytes.length).equals(bytes)).toBe(true)
  expect(tail.subarray(17 * bytes.length).equals(pattern(7))).toBe(true)
  await expect.poll(files).toEqual([])
  await store.close()
})

test('every file is reachable again after a start: none is swept that an object needs', async () => {
  const { store, path } = await opened()
  for (let i = 0; i < 50; i++) await put(store, { bucket, key: `k${i}` }, pattern(100 + i, i))
  await store.close()
  const again = await openDirectoryStore({ path })
  for (let i = 0; i < 50; i++)
    expect((await get(again, { bucket, key: `k${i}` })).equals(pattern(100 + i, i))).toBe(true)
  await again.close()
  expect(await readdir(`${path}/sessions`)).toEqual([])
})

test('a key of more than 1,024 bytes of UTF-8 is refused', async () => {
  const { store, files } = await opened()
  const longest = { bucket, key: 'ü'.repeat(512) }
  const tooLong = { bucket, key: `${longest.key}a` }
  await put(store, longest, pattern(1))
  expect(await refusalCode(put(store, tooLong, pattern(1)))).toBe('KeyTooLongError')
  expect(await refusalCode(store.copy(longest, tooLong, PLAIN, {}))).toBe('KeyTooLongError')
  expect(await refusalCode(store.createUpload(tooLong, PLAIN))).toBe('KeyTooLongError')
  expect(await files()).toHaveLength(1)
  await store.close()
})
