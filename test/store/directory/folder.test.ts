import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'
import { get, pattern, put } from '../contract/bytes.ts'
import { temporaryFolder } from './temporary.ts'

const refusalOf = (path: string, family?: string) =>
  openDirectoryStore({ path, ...(family && { family }) }).then(
    () => 'it opened',
    ({ name, code, message }) => ({ name, code, message }),
  )

test('a second start finds everything again', async () => {
  const path = join(await temporaryFolder(), 'made', 'on', 'the', 'way')
  const at = { bucket: 'kept', key: 'k' }
  const first = await openDirectoryStore({ path })
  await first.createBucket('kept', {})
  const { etag } = await put(first, at, pattern(300_000))
  await first.close()
  const second = await openDirectoryStore({ path })
  expect(await second.head(at, {})).toMatchObject({ etag, length: 300_000 })
  expect((await get(second, at)).equals(pattern(300_000))).toBe(true)
  await second.close()
})

test('a folder of another layout is refused with the cure, and nothing in it changes', async () => {
  const path = await temporaryFolder()
  await (await openDirectoryStore({ path })).close()
  const stamp = (await readFile(join(path, 'VERSION'), 'utf8')).replace(/\d+/, '999')
  await writeFile(join(path, 'VERSION'), stamp)
  const index = await readFile(join(path, 'index.sqlite'))
  expect(await refusalOf(path)).toEqual({
    name: 'DataFolderRefused',
    code: 'other-layout',
    message: `The data folder ${path} has layout 999, this program reads layout 2: start the release that wrote it, or name an empty folder.`,
  })
  expect((await readFile(join(path, 'index.sqlite'))).equals(index)).toBe(true)
})

test('a folder that holds something else is refused', async () => {
  const path = await temporaryFolder()
  await writeFile(join(path, 'thesis.tex'), '')
  expect(await refusalOf(path)).toMatchObject({
    code: 'not-a-store',
    message: expect.stringContaining('thesis.tex'),
  })
  const file = join(path, 'thesis.tex')
  expect(await refusalOf(file)).toMatchObject({ code: 'unusable', message: expect.stringContaining(file) })
})

test('a start that was cut off before the stamp is carried on', async () => {
  const path = await temporaryFolder()
  await mkdir(join(path, 'payload'))
  await writeFile(join(path, 'VERSION.4711'), 'treuh')
  await (await openDirectoryStore({ path })).close()
})

test('a folder that another process uses is refused with its name', async () => {
  const path = await temporaryFolder()
  const store = await openDirectoryStore({ path })
  expect(await refusalOf(path)).toMatchObject({
    code: 'in-use',
    message: expect.stringContaining(`process ${process.pid}`),
  })
  expect(await refusalOf(path, 'a family')).toMatchObject({ code: 'in-use' })
  await store.close()
  await (await openDirectoryStore({ path, family: 'a family' })).close()
})

test('one family shares a folder, and sees what each of its members writes', async () => {
  const path = await temporaryFolder()
  const [first, second] = await Promise.all([1, 2].map(() => openDirectoryStore({ path, family: 'f' })))
  await first!.createBucket('shared', {})
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
  await Promise.all(
    keys.map((key, i) => put(i % 2 ? first! : second!, { bucket: 'shared', key }, pattern(1000, i))),
  )
  for (const [i, key] of keys.entries())
    expect((await get(i % 2 ? second! : first!, { bucket: 'shared', key })).equals(pattern(1000, i))).toBe(
      true,
    )
  expect(await refusalOf(path, 'others')).toMatchObject({ code: 'in-use' })
  await first!.close()
  expect(await get(second!, { bucket: 'shared', key: 'k1' })).toHaveLength(1000)
  expect(await refusalOf(path, 'others')).toMatchObject({ code: 'in-use' })
  await second!.close()
})

test('nobody but the owner may read the data folder', async () => {
  const path = join(await temporaryFolder(), 'data')
  const store = await openDirectoryStore({ path })
  await store.createBucket('abc', {})
  await put(store, { bucket: 'abc', key: 'k' }, pattern(10))
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect((await stat(join(path, 'index.sqlite-wal'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(path, 'payload', '000000', '000', '000'))).mode & 0o777).toBe(0o600)
  await store.close()
})
