import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from '../../../src/store/store.ts'
import { pattern, put } from '../contract/bytes.ts'
import { newBucket, refusalCode } from '../contract/subject.ts'
import { openTemporary } from './temporary.ts'

let store: Store
let at: { bucket: string; key: string }
beforeAll(async () => {
  store = await openTemporary()
  at = { bucket: await newBucket(store), key: 'k' }
  await store.putVersioning(at.bucket, 'Enabled')
  await put(store, at, pattern(1))
})
afterAll(() => store.close())

test.each([
  ['S3', '3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY'],
  ['minio', '0c4a7f6d-39a4-4b35-9d3e-6f8a2f3f9f11'],
  ['versitygw', '01G65Z755AFWAKHE12NY0CQ9FH'],
])('a version by the name that %s gave it is not there, and counts as deleted', async (_, versionId) => {
  expect(await refusalCode(store.get({ ...at, versionId }, undefined, {}))).toBe('NoSuchVersion')
  expect(await refusalCode(store.getTags({ ...at, versionId }))).toBe('NoSuchVersion')
  expect(await store.delete({ ...at, versionId }, {})).toEqual({ deleteMarker: false, versionId })
})

test.each(['version', 'x', '-1', '0x10', 'a/b', '\0'.repeat(30)])(
  'what no store names a version by is refused: %j',
  async versionId => {
    expect(await refusalCode(store.get({ ...at, versionId }, undefined, {}))).toBe('InvalidArgument')
  },
)

test('of a bucket without object lock, an object that is missing is what is said first', async () => {
  expect(await refusalCode(store.getRetention({ ...at, key: 'missing' }))).toBe('NoSuchKey')
  expect(await refusalCode(store.getRetention(at))).toBe('InvalidRequest')
})
