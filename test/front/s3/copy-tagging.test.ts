import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sha256 } from './harness.ts'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'copies'
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
  await server.client.send(
    new PutObjectCommand({
      Bucket,
      Key: 'source',
      Body: 'the data',
      Metadata: { from: 'source' },
      ContentType: 'text/plain',
      Tagging: 'colour=red&size=a%20b',
    }),
  )
})
afterAll(() => server.close())

const copy = (Key: string, more = {}) =>
  server.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...more }))
const read = async (Key: string) => {
  const object = await server.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
  return { ...object, text: await object.Body!.transformToString() }
}
const tagsOf = async (Key: string) =>
  (await server.client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet

describe('a copy', () => {
  test('has the data, headers, checksum and tags of its source', async () => {
    const copied = await copy('copied')
    const original = await read('source')
    const object = await read('copied')
    expect(object.text).toBe('the data')
    expect(object).toMatchObject({
      Metadata: { from: 'source' },
      ContentType: 'text/plain',
      ETag: copied.CopyObjectResult!.ETag,
    })
    expect(object.ChecksumCRC32).toBe(original.ChecksumCRC32)
    expect(await tagsOf('copied')).toEqual(await tagsOf('source'))
  })

  test('that is sealed anew, for a checksum that its source has not, has its tags all the same', async () => {
    await copy('digested', { ChecksumAlgorithm: 'SHA256', Tagging: 'is=ignored' })
    expect((await read('digested')).ChecksumSHA256).toBe(
      Buffer.from(sha256('the data'), 'hex').toString('base64'),
    )
    expect(await tagsOf('digested')).toEqual(await tagsOf('source'))
    await copy('retagged', { ChecksumAlgorithm: 'SHA256', TaggingDirective: 'REPLACE', Tagging: 'a=b' })
    expect(await tagsOf('retagged')).toEqual([{ Key: 'a', Value: 'b' }])
    await copy('untagged', { ChecksumAlgorithm: 'SHA256', TaggingDirective: 'REPLACE' })
    expect(await tagsOf('untagged')).toEqual([])
  })

  test('that asks for what there is not is refused for that, before its source is looked for', async () => {
    const CopySource = 'no-such-bucket/key'
    await expect(copy('nothing', { CopySource })).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await expect(copy('nothing', { CopySource, MetadataDirective: 'NONSENSE' })).rejects.toMatchObject({
      name: 'InvalidArgument',
    })
  })

  test('may not be locked in a bucket without object lock', async () => {
    const ObjectLockRetainUntilDate = new Date(Date.now() + 3_600_000)
    await expect(
      copy('locked', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate }),
    ).rejects.toMatchObject({ name: 'InvalidRequest' })
  })

  test('may have headers and tags of its own', async () => {
    await copy('replaced', {
      MetadataDirective: 'REPLACE',
      TaggingDirective: 'REPLACE',
      Tagging: 'new=tag',
      Metadata: { mine: 'yes' },
    })
    expect(await read('replaced')).toMatchObject({
      Metadata: { mine: 'yes' },
      ContentType: 'binary/octet-stream',
    })
    expect(await tagsOf('replaced')).toEqual([{ Key: 'new', Value: 'tag' }])
  })

  test('may have another checksum', async () => {
    await copy('rechecked', { ChecksumAlgorithm: 'SHA256' })
    expect((await read('rechecked')).ChecksumSHA256).toBe(
      Buffer.from(sha256('the data'), 'hex').toString('base64'),
    )
  })

  test('onto itself must change something', async () => {
    await expect(copy('source')).rejects.toMatchObject({ name: 'InvalidRequest' })
  })

  test('takes the key id that its source was announced with, as Hadoop repeats it', async () => {
    const { SSEKMSKeyId } = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'source' }))
    expect(SSEKMSKeyId).toMatch(/^[0-9a-f]{32}$/)
    await copy('repeated', { SSEKMSKeyId, ServerSideEncryption: 'aws:kms' })
  })

  test('answers conditions on its source and refuses what it does not know', async () => {
    await expect(copy('x', { CopySourceIfMatch: '"other"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await expect(copy('x', { CopySourceIfModifiedSince: new Date() })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    })
    await expect(copy('x', { MetadataDirective: 'invalid' })).rejects.toMatchObject({
      name: 'InvalidArgument',
    })
    await expect(copy('x', { CopySource: `${Bucket}/nothing` })).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(copy('x', { CopySource: 'nobucket/x' })).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await expect(copy('x', { SSEKMSKeyId: 'k', ServerSideEncryption: 'aws:kms' })).rejects.toMatchObject({
      name: 'NotImplemented',
    })
    await expect(
      copy('x', { CopySourceSSECustomerAlgorithm: 'AES256', CopySourceSSECustomerKey: 'k'.repeat(32) }),
    ).rejects.toMatchObject({ name: 'NotImplemented' })
  })
})

test('tags are read, replaced and removed, and are those that S3 would take', async () => {
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'tagged', Body: 'x' }))
  const put = (TagSet: { Key: string; Value: string }[]) =>
    server.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging: { TagSet } }))
  expect(await tagsOf('tagged')).toEqual([])
  await put([{ Key: 'ü ', Value: 'ö=1' }])
  expect(await tagsOf('tagged')).toEqual([{ Key: 'ü ', Value: 'ö=1' }])
  await expect(put([{ Key: 'a<b', Value: '' }])).rejects.toMatchObject({ name: 'InvalidTag' })
  await expect(
    put([
      { Key: 'a', Value: '1' },
      { Key: 'a', Value: '2' },
    ]),
  ).rejects.toMatchObject({ name: 'InvalidTag' })
  await server.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }))
  expect(await tagsOf('tagged')).toEqual([])
})
