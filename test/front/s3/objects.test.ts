import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pattern } from '../../objects/harness.ts'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
let bucket: string
let count = 0

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  bucket = `bucket-${++count}`
  await server.client.send(new CreateBucketCommand({ Bucket: bucket }))
})

const put = (key: string, body: Uint8Array | string, more = {}) =>
  server.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...more }))
/** An answer whose body nobody reads would be an error once the server closes. */
const get = async (key: string, more = {}) => {
  const read = await server.client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }))
  return { ...read, bytes: Buffer.from(await read.Body!.transformToByteArray()) }
}
const bytesOf = async (key: string, more = {}) => (await get(key, more)).bytes

describe('an object', () => {
  test.each([0, 1, 65480, 65481, 1_000_000, 3_000_000])('of %i bytes comes back as it was', async size => {
    const data = pattern(size)
    const written = await put('key', data)
    const read = await get('key', { ChecksumMode: 'ENABLED' })
    expect(read.bytes.equals(data)).toBe(true)
    expect(read.ContentLength).toBe(size)
    expect(read.ETag).toBe(written.ETag)
    expect(read.ETag).toMatch(/^"[^"]+-t"$/)
    expect(read.ChecksumCRC32).toBe(written.ChecksumCRC32)
    expect(read.ChecksumCRC32).toBeDefined()
    expect(read.ChecksumType).toBe('FULL_OBJECT')
    expect(read.ServerSideEncryption).toBe('aws:kms')
    const head = await server.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'key' }))
    expect(head.ContentLength).toBe(size)
    expect(head.ContentType).toBe('application/octet-stream')
  })

  test.each([0, 100_000, 3_000_000])(
    'of %i bytes may come from a stream, which the SDK sends in chunks',
    async size => {
      const data = pattern(size)
      const Body = Readable.from([data.subarray(0, size / 2), data.subarray(size / 2)], { objectMode: false })
      const written = await server.client.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'key', Body, ContentLength: size }),
      )
      expect((await bytesOf('key')).equals(data)).toBe(true)
      expect(written.ChecksumCRC32).toBeDefined()
    },
  )

  test('without a checksum gets CRC64NVME where it is short', async () => {
    const { endpoint, key } = server
    const bare = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: key.id, secretAccessKey: key.secret },
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
    const write = (Key: string, size: number) =>
      bare.send(new PutObjectCommand({ Bucket: bucket, Key, Body: pattern(size) }))
    const kind = { ChecksumCRC64NVME: 'rosUhgp5mIg=', ChecksumType: 'FULL_OBJECT' }
    const digits = new PutObjectCommand({ Bucket: bucket, Key: 'digits', Body: '123456789' })
    expect(await bare.send(digits)).toMatchObject(kind)
    const read = new HeadObjectCommand({ Bucket: bucket, Key: 'digits', ChecksumMode: 'ENABLED' })
    expect(await bare.send(read)).toMatchObject(kind)
    expect((await write('short', 130_000)).ChecksumType).toBe('FULL_OBJECT')
    expect((await write('long', 140_000)).ChecksumType).toBeUndefined()
    bare.destroy()
  })

  test('keeps what the application says about it', async () => {
    await put('key', 'data', {
      ContentType: 'text/plain; charset=utf-8',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment; filename="a, b.txt"',
      ContentLanguage: 'de',
      CacheControl: 'max-age=60',
      Metadata: { one: 'eins', two: 'z w  ei' },
    })
    const read = await get('key')
    expect(read).toMatchObject({
      ContentType: 'text/plain; charset=utf-8',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment; filename="a, b.txt"',
      ContentLanguage: 'de',
      CacheControl: 'max-age=60',
      Metadata: { one: 'eins', two: 'z w  ei' },
    })
    const overridden = await get('key', {
      ResponseContentType: 'text/html',
      ResponseCacheControl: 'no-store',
    })
    expect(overridden).toMatchObject({
      ContentType: 'text/html',
      CacheControl: 'no-store',
      ContentLanguage: 'de',
    })
  })

  test('of which nothing is said is bytes, or a folder', async () => {
    await put('source', '')
    // Where it puts, the SDK names a type of its own.
    const copy = { Bucket: bucket, CopySource: `${bucket}/source`, MetadataDirective: 'REPLACE' } as const
    for (const Key of ['key', 'folder/']) await server.client.send(new CopyObjectCommand({ ...copy, Key }))
    expect((await get('key')).ContentType).toBe('binary/octet-stream')
    expect((await get('folder/')).ContentType).toBe('application/x-directory')
  })

  test.each(['a//b', 'ä ö/ü+%2F', '../up', './', ' ', '/leading', "(!')*~", '?x=1&y#z'])(
    'may be called %j',
    async key => {
      await put(key, key)
      expect((await bytesOf(key)).toString()).toBe(key)
      const listed = await server.client.send(new ListObjectsV2Command({ Bucket: bucket }))
      expect(listed.Contents?.map(object => object.Key)).toEqual([key])
    },
  )

  test('is read in ranges', async () => {
    const data = pattern(200_000)
    await put('key', data)
    for (const [range, first, last] of [
      ['bytes=0-0', 0, 0],
      ['bytes=65000-66000', 65000, 66000],
      ['bytes=199990-', 199990, 199999],
      ['bytes=-5', 199995, 199999],
      ['bytes=100-9999999', 100, 199999],
    ] as const) {
      const read = await get('key', { Range: range })
      expect(read.$metadata.httpStatusCode).toBe(206)
      expect(read.ContentRange).toBe(`bytes ${first}-${last}/200000`)
      expect(read.bytes.equals(data.subarray(first, last + 1))).toBe(true)
    }
    await expect(get('key', { Range: 'bytes=200000-' })).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
    })
    expect((await get('key', { Range: 'bytes=5-1' })).$metadata.httpStatusCode).toBe(200)
  })

  test('answers conditions on reads', async () => {
    const { ETag } = await put('key', 'data')
    const past = new Date(0)
    expect((await get('key', { IfMatch: ETag })).$metadata.httpStatusCode).toBe(200)
    await expect(get('key', { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
    await expect(get('key', { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    })
    await expect(get('key', { IfUnmodifiedSince: past })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    expect((await get('key', { IfModifiedSince: past })).$metadata.httpStatusCode).toBe(200)
  })

  test('answers conditions on writes and deletes', async () => {
    const { ETag } = await put('key', 'one')
    await expect(put('key', 'two', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await expect(put('key', 'two', { IfMatch: '"other"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await expect(put('nokey', 'two', { IfMatch: ETag })).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(put('key', 'two', { IfNoneMatch: ETag })).rejects.toMatchObject({ name: 'NotImplemented' })
    expect((await bytesOf('key')).toString()).toBe('one')
    await put('key', 'three', { IfMatch: ETag })
    expect((await bytesOf('key')).toString()).toBe('three')
  })

  test('that was deleted is gone, and deleting it again succeeds', async () => {
    await put('key', 'data')
    for (let i = 0; i < 2; i++)
      await server.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'key' }))
    await expect(get('key')).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } })
    await expect(
      server.client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'key' })),
    ).rejects.toMatchObject({ name: 'NotFound' })
  })
})

test('an object is deleted on condition of its size, which is that of its plaintext', async () => {
  await put('sized', 'data')
  const remove = (IfMatchSize: number) =>
    server.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'sized', IfMatchSize }))
  await expect(remove(5)).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await remove(4)
  await expect(get('sized')).rejects.toMatchObject({ name: 'NoSuchKey' })
})

test('many objects are deleted at once', async () => {
  for (const key of ['a', 'b', 'c <&>']) await put(key, key)
  const deleted = await server.client.send(
    new DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: ['a', 'c <&>', 'never'].map(Key => ({ Key })) },
    }),
  )
  expect(deleted.Deleted?.map(({ Key }) => Key).sort()).toEqual(['a', 'c <&>', 'never'])
  expect(deleted.Errors).toBeUndefined()
  const quiet = await server.client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'b' }], Quiet: true } }),
  )
  expect(quiet.Deleted).toBeUndefined()
  const listed = await server.client.send(new ListObjectsV2Command({ Bucket: bucket }))
  expect(listed.KeyCount).toBe(0)
})

describe('a listing', () => {
  const keys = ['a', 'b/1', 'b/2', 'c/1', 'd', 'é']

  beforeEach(async () => {
    for (const key of keys) await put(key, `content of ${key}`)
  })

  test('names the objects in order, with the sizes of their plaintext', async () => {
    const { Contents } = await server.client.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect(Contents?.map(({ Key }) => Key)).toEqual(keys)
    expect(Contents?.map(({ Size }) => Size)).toEqual(keys.map(key => Buffer.byteLength(`content of ${key}`)))
  })

  test('groups by a delimiter, and pages', async () => {
    const first = await server.client.send(
      new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', MaxKeys: 2 }),
    )
    expect(first.Contents?.map(({ Key }) => Key)).toEqual(['a'])
    expect(first.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b/'])
    expect(first.IsTruncated).toBe(true)
    const second = await server.client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Delimiter: '/',
        ContinuationToken: first.NextContinuationToken,
      }),
    )
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['d', 'é'])
    expect(second.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['c/'])
    expect(second.IsTruncated).toBe(false)
  })

  test('in the first version pages by marker', async () => {
    const seen: (string | undefined)[] = []
    let Marker: string | undefined
    for (;;) {
      const page = await server.client.send(
        new ListObjectsCommand({ Bucket: bucket, MaxKeys: 2, Marker, EncodingType: 'url' }),
      )
      seen.push(...(page.Contents ?? []).map(({ Key }) => decodeURIComponent(Key!)))
      if (!page.IsTruncated) break
      Marker = decodeURIComponent(page.NextMarker ?? page.Contents!.at(-1)!.Key!)
    }
    expect(seen).toEqual(keys)
  })

  test('in the first version names the owner, asked for or not', async () => {
    const page = await server.client.send(new ListObjectsCommand({ Bucket: bucket, MaxKeys: 1 }))
    expect(page.Contents?.[0]?.Owner?.ID).toBeDefined()
    const second = await server.client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
    expect(second.Contents?.[0]?.Owner).toBeUndefined()
  })

  test('says an empty prefix again, and no empty delimiter', async () => {
    const asked = { Bucket: bucket, Prefix: '', Delimiter: '' }
    const pages = [
      await server.client.send(new ListObjectsCommand(asked)),
      await server.client.send(new ListObjectsV2Command(asked)),
    ]
    for (const page of pages) {
      expect(page.Prefix).toBe('')
      expect(page.Delimiter).toBeUndefined()
    }
  })

  test('of no entries is empty, of too many refused', async () => {
    const most = await server.client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 5000 }))
    expect(most.MaxKeys).toBe(1000)
    const none = await server.client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 0 }))
    expect(none).toMatchObject({ KeyCount: 0, IsTruncated: false })
    await expect(
      server.client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: -1 })),
    ).rejects.toMatchObject({ name: 'InvalidArgument' })
  })
})

test('buckets are made, listed, located and removed', async () => {
  const { Buckets } = await server.client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toContain(bucket)
  expect((await server.client.send(new HeadBucketCommand({ Bucket: bucket }))).BucketRegion).toBe('us-east-1')
  expect(
    (await server.client.send(new GetBucketLocationCommand({ Bucket: bucket }))).LocationConstraint,
  ).toBeUndefined()
  await expect(server.client.send(new CreateBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
    name: 'BucketAlreadyOwnedByYou',
  })
  await put('key', 'data')
  await expect(server.client.send(new DeleteBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
    name: 'BucketNotEmpty',
  })
  await server.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'key' }))
  await server.client.send(new DeleteBucketCommand({ Bucket: bucket }))
  await expect(server.client.send(new HeadBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
    name: 'NotFound',
  })
  await expect(server.client.send(new ListObjectsV2Command({ Bucket: bucket }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  })
})
