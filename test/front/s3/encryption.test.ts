import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type ServerSideEncryption,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'encrypted'
let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

const put = (Key: string, kind?: ServerSideEncryption) =>
  server.client.send(
    new PutObjectCommand({ Bucket, Key, Body: 'x', ...(kind && { ServerSideEncryption: kind }) }),
  )
const head = (Key: string) => server.client.send(new HeadObjectCommand({ Bucket, Key }))

test('the kind of encryption that was asked for is told again, where none was, aws:kms', async () => {
  expect(await put('s3', 'AES256')).toMatchObject({ ServerSideEncryption: 'AES256' })
  const s3 = await head('s3')
  expect(s3.ServerSideEncryption).toBe('AES256')
  expect(s3.SSEKMSKeyId).toBeUndefined()
  for (const kind of ['aws:kms', 'aws:kms:dsse', undefined] as const) {
    const put1 = await put('kms', kind)
    expect(put1).toMatchObject({ ServerSideEncryption: kind ?? 'aws:kms' })
    expect(await head('kms')).toMatchObject({
      ServerSideEncryption: kind ?? 'aws:kms',
      SSEKMSKeyId: put1.SSEKMSKeyId,
    })
  }
})

test('a copy is encrypted as it asks for, not as its source', async () => {
  await put('source', 'AES256')
  const copy = (Key: string, more: { ServerSideEncryption?: ServerSideEncryption } = {}) =>
    server.client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...more }))
  await copy('copy')
  expect((await head('copy')).ServerSideEncryption).toBe('aws:kms')
  expect(await copy('copy', { ServerSideEncryption: 'AES256' })).toMatchObject({
    ServerSideEncryption: 'AES256',
  })
  expect((await head('copy')).ServerSideEncryption).toBe('AES256')
})

test('an object may be copied to itself for another kind of encryption', async () => {
  await put('same')
  const CopySource = `${Bucket}/same`
  const copy = (more = {}) =>
    server.client.send(new CopyObjectCommand({ Bucket, Key: 'same', CopySource, ...more }))
  await expect(copy()).rejects.toMatchObject({ name: 'InvalidRequest' })
  await copy({ ServerSideEncryption: 'AES256' })
  expect((await head('same')).ServerSideEncryption).toBe('AES256')
})

test('an upload says once what it asks for, and so do its parts and its object', async () => {
  const Key = 'upload'
  const { UploadId, ServerSideEncryption } = await server.client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ServerSideEncryption: 'AES256' }),
  )
  expect(ServerSideEncryption).toBe('AES256')
  const part = await server.client.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }),
  )
  expect(part.ServerSideEncryption).toBe('AES256')
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
  await server.client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
  expect((await head(Key)).ServerSideEncryption).toBe('AES256')
})
