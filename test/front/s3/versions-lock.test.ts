import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const textOf = async (Bucket: string, Key: string, VersionId?: string) =>
  (await server.client.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body!.transformToString()

describe('a bucket with versions', () => {
  const Bucket = 'versions'
  const put = async (Key: string, Body: string) =>
    (await server.client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId!

  beforeAll(async () => {
    await server.client.send(new CreateBucketCommand({ Bucket }))
    expect((await server.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined()
    await server.client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    )
    expect((await server.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')
  })

  test('keeps each version, reads, heads and copies any of them', async () => {
    const one = await put('key', 'one')
    const two = await put('key', 'the second')
    expect(one).not.toBe(two)
    expect(await textOf(Bucket, 'key')).toBe('the second')
    expect(await textOf(Bucket, 'key', one)).toBe('one')
    const head = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'key', VersionId: one }))
    expect(head).toMatchObject({ ContentLength: 3, VersionId: one })
    const copied = await server.client.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/key?versionId=${one}` }),
    )
    expect(copied.CopySourceVersionId).toBe(one)
    expect(await textOf(Bucket, 'copy')).toBe('one')
  })

  test('marks what is deleted, and removes a version that is named', async () => {
    const only = await put('gone', 'data')
    const marked = await server.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
    expect(marked).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) })
    await expect(textOf(Bucket, 'gone')).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(textOf(Bucket, 'gone', marked.VersionId)).rejects.toMatchObject({ name: 'MethodNotAllowed' })
    const listed = await server.client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'gone' }))
    expect(listed.DeleteMarkers).toMatchObject([{ Key: 'gone', IsLatest: true, VersionId: marked.VersionId }])
    expect(listed.Versions).toMatchObject([{ Key: 'gone', IsLatest: false, VersionId: only, Size: 4 }])
    await server.client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [{ Key: 'gone', VersionId: marked.VersionId }] },
      }),
    )
    expect(await textOf(Bucket, 'gone')).toBe('data')
    await expect(textOf(Bucket, 'gone', 'nonsense')).rejects.toMatchObject({
      $metadata: { httpStatusCode: expect.any(Number) },
    })
  })

  test('lists versions in pages', async () => {
    for (const body of ['1', '2', '3']) await put('paged', body)
    const seen: (string | undefined)[] = []
    let markers = {}
    for (;;) {
      const page = await server.client.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: 'paged', MaxKeys: 2, ...markers }),
      )
      seen.push(...(page.Versions ?? []).map(version => version.VersionId))
      if (!page.IsTruncated) break
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
    }
    expect(new Set(seen).size).toBe(3)
  })
})

test('attributes of an object tell its size, ETag, checksum and parts', async () => {
  const Bucket = 'attributes'
  await server.client.send(new CreateBucketCommand({ Bucket }))
  const put = await server.client.send(
    new PutObjectCommand({ Bucket, Key: 'key', Body: 'the data', ChecksumAlgorithm: 'SHA1' }),
  )
  const told = await server.client.send(
    new GetObjectAttributesCommand({
      Bucket,
      Key: 'key',
      ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize', 'StorageClass', 'ObjectParts'],
    }),
  )
  expect(told).toMatchObject({
    ETag: put.ETag!.replaceAll('"', ''),
    ObjectSize: 8,
    StorageClass: 'STANDARD',
    Checksum: { ChecksumSHA1: put.ChecksumSHA1, ChecksumType: 'FULL_OBJECT' },
  })
  expect(told.ObjectParts).toBeUndefined()
  const some = await server.client.send(
    new GetObjectAttributesCommand({ Bucket, Key: 'key', ObjectAttributes: ['ObjectSize'] }),
  )
  expect(some.ETag).toBeUndefined()
  for (const Key of ['key', 'no such key'])
    await expect(
      server.client.send(
        new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['Nonsense' as 'ETag'] }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidArgument' })
})

describe('object lock', () => {
  const Bucket = 'locked'
  const Key = 'key'
  const until = new Date(Date.now() + 3_600_000)

  beforeAll(async () => {
    await server.client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
  })

  test('has a configuration with a default retention', async () => {
    const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } } as const
    await server.client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
      }),
    )
    const told = await server.client.send(new GetObjectLockConfigurationCommand({ Bucket }))
    expect(told.ObjectLockConfiguration).toEqual({ ObjectLockEnabled: 'Enabled', Rule })
    for (const wrong of [
      { Mode: 'GOVERNANCE', Days: -3 },
      { Mode: 'GOVERNANCE', Years: 101 },
    ])
      await expect(
        server.client.send(
          new PutObjectLockConfigurationCommand({
            Bucket,
            ObjectLockConfiguration: {
              ObjectLockEnabled: 'Enabled',
              Rule: { DefaultRetention: wrong as never },
            },
          }),
        ),
      ).rejects.toMatchObject({ name: 'InvalidArgument' })
    await server.client.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
      }),
    )
  })

  test('holds a version until its time, and its holder may let go where the mode says so', async () => {
    const { VersionId } = await server.client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: 'data',
        ObjectLockMode: 'GOVERNANCE',
        ObjectLockRetainUntilDate: until,
      }),
    )
    const { Retention } = await server.client.send(new GetObjectRetentionCommand({ Bucket, Key }))
    expect(Retention?.Mode).toBe('GOVERNANCE')
    await expect(
      server.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    await expect(
      server.client.send(
        new PutObjectRetentionCommand({
          Bucket,
          Key,
          Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(0) },
        }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidArgument' })
    await server.client.send(
      new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }),
    )
    await expect(textOf(Bucket, Key)).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  test('holds a version while somebody says so', async () => {
    const { VersionId } = await server.client.send(
      new PutObjectCommand({ Bucket, Key: 'held', Body: 'data' }),
    )
    const hold = (Status: 'ON' | 'OFF') =>
      server.client.send(new PutObjectLegalHoldCommand({ Bucket, Key: 'held', LegalHold: { Status } }))
    await hold('ON')
    expect(
      (await server.client.send(new GetObjectLegalHoldCommand({ Bucket, Key: 'held' }))).LegalHold?.Status,
    ).toBe('ON')
    await expect(
      server.client.send(new DeleteObjectCommand({ Bucket, Key: 'held', VersionId })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    await hold('OFF')
    await server.client.send(new DeleteObjectCommand({ Bucket, Key: 'held', VersionId }))
  })

  test('is not there in a bucket without it', async () => {
    await server.client.send(new CreateBucketCommand({ Bucket: 'unlocked' }))
    await expect(
      server.client.send(new GetObjectLockConfigurationCommand({ Bucket: 'unlocked' })),
    ).rejects.toMatchObject({ name: 'ObjectLockConfigurationNotFoundError' })
  })
})
