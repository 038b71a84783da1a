import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { openS3Store, type S3StoreSettings } from '../../src/store/s3/open.ts'
import { startVersitygw } from '../harness/versitygw.ts'
import { get, PLAIN, pattern, put, putPart } from '../store/contract/bytes.ts'
import { newBucket, refusalCode } from '../store/contract/subject.ts'
import { testStore } from '../store/contract.ts'

const OTHER = { access: 'OTHER', secret: randomBytes(20).toString('hex'), role: 'user' } as const
const server = await startVersitygw({ users: [OTHER] })

const open = (settings: Partial<S3StoreSettings> = {}) =>
  openS3Store({
    endpoint: new URL(server.endpoint),
    region: server.region,
    addressing: 'path',
    credential: { accessKeyId: server.root.access, secretAccessKey: server.root.secret },
    ...settings,
  })

testStore({
  name: 's3 over versitygw',
  open,
  // versitygw v1.8.0: its keys are paths of a file system, the rest are its own ways.
  lacks: new Set([
    'keys below keys',
    'keys of any steps',
    'writes unless an ETag',
    'governance bypass',
    'checked tokens',
    'strict bucket names',
    'conditions by whole seconds',
    'NoSuchUpload first',
    'pages of uploads',
    'pages of versions',
    'deletes of what is gone',
    'markers over nothing',
    'buckets kept by versions',
    'conditions on markers',
    'default retention shown',
    'lifecycle',
  ]),
})

const store = await open()
const { findings } = store
afterAll(() => store.close())

test('versitygw does all that the probe looks for', () => {
  expect(findings).toMatchObject({
    objectForm: 'unsigned-trailer',
    partForm: 'unsigned-trailer',
    publishesShortPuts: false,
    conditions: { put: true, complete: true, delete: true, 'copy-source': true },
  })
})

describe.each(['unsigned-trailer', 'signed-trailer'] as const)('payloads as %s', form => {
  test.each([0, 1, 65_535, 65_536, 65_537, 1_048_576, 1_048_577, 5_000_000])('%i bytes', async length => {
    const other = await open({ findings: { ...findings, objectForm: form } })
    const at = { bucket: await newBucket(other), key: 'k' }
    await put(other, at, pattern(length))
    expect((await get(other, at)).equals(pattern(length))).toBe(true)
    await other.close()
  })
})

test.each(['signed-trailer', 'plain'] as const)('parts as %s', async partForm => {
  const other = await open({ findings: { ...findings, partForm } })
  const at = { bucket: await newBucket(other), key: 'k' }
  const id = await other.createUpload(at, PLAIN)
  const parts = [
    await putPart(other, at, id, 2, pattern(6_000_000)),
    await putPart(other, at, id, 9, pattern(9)),
  ]
  await other.completeUpload(at, id, parts, {})
  expect((await get(other, at)).equals(Buffer.concat([pattern(6_000_000), pattern(9)]))).toBe(true)
  await other.close()
})

test('an upload that is given up harms nothing, however far it came', async () => {
  const at = { bucket: await newBucket(store), key: 'k' }
  await put(store, at, pattern(100))
  for (const sent of [0, 1, 999_999, 1_000_000]) {
    const writer = await store.put(at, PLAIN, 1_000_000, {})
    await writer.write([pattern(sent)])
    writer.abort()
  }
  expect((await get(store, at)).equals(pattern(100))).toBe(true)
})

test('keys of all kinds name what they say', async () => {
  const bucket = await newBucket(store)
  const keys = ["a b+c%2F!'()*~", 'ü日🔑', '?a=1&b#c', '"<&>', 'with\ttab', 'line\nbreak', 'x/y z/ü']
  for (const [i, key] of keys.entries()) await put(store, { bucket, key }, pattern(i + 1))
  for (const [i, key] of keys.entries()) expect(await get(store, { bucket, key })).toHaveLength(i + 1)
  const { objects } = await store.list(bucket, { version: 2, limit: 100 })
  expect(objects.map(({ key }) => key).sort()).toEqual([...keys].sort())
  const outcomes = await store.deleteMany(
    bucket,
    keys.map(key => ({ key })),
    false,
  )
  expect(outcomes.map(outcome => 'error' in outcome)).toEqual(keys.map(() => false))
  expect((await store.list(bucket, { version: 2, limit: 100 })).objects).toEqual([])
})

test('another credential has its own rights', async () => {
  const at = { bucket: await newBucket(store), key: 'k' }
  await put(store, at, pattern(10))
  const { access: accessKeyId, secret: secretAccessKey } = OTHER
  const other = store.as({ accessKeyId, secretAccessKey })
  expect(await refusalCode(other.get(at, undefined, {}))).toBe('AccessDenied')
  const wrong = store.as({ accessKeyId, secretAccessKey: 'wrong' })
  await expect(wrong.get(at, undefined, {})).rejects.toMatchObject({ reason: 'credential' })
})

test('documents are carried as they are', async () => {
  const bucket = await newBucket(store)
  const text = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
    ],
  })
  await store.putDocument({ bucket }, 'policy', { text, headers: {} })
  expect(JSON.parse(await store.getDocument({ bucket }, 'policy'))).toEqual(JSON.parse(text))
  await store.deleteDocument(bucket, 'policy')
  expect(await refusalCode(store.getDocument({ bucket }, 'policy'))).toBe('NoSuchBucketPolicy')
  expect(await refusalCode(store.getLifecycle(bucket))).toBe('NotImplemented')
})
