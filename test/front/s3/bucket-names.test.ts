import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BucketNames } from '../../../src/objects/bucket-names.ts'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
const send: TestServer['client']['send'] = (command: never) => server.client.send(command)

beforeAll(async () => {
  const buckets = new BucketNames({ photos: 'acme-photos', letters: 'acme-letters' })
  server = await startServer({ buckets })
  await send(new CreateBucketCommand({ Bucket: 'photos' }))
  await send(new CreateBucketCommand({ Bucket: 'letters' }))
  await send(new CreateBucketCommand({ Bucket: 'plain' }))
})
afterAll(() => server.close())

const names = async () => (await send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)
const stored = async () => (await server.store.listBuckets()).map(({ name }) => name).sort()
const textOf = async (Bucket: string, Key: string) => {
  const { Body } = await send(new GetObjectCommand({ Bucket, Key }))
  return Body!.transformToString()
}

describe('a bucket with another name at the store', () => {
  test('is made there under that, and listed here under its own', async () => {
    expect(await names()).toEqual(['letters', 'photos', 'plain'])
    expect(await stored()).toEqual(['acme-letters', 'acme-photos', 'plain'])
    await send(new HeadBucketCommand({ Bucket: 'photos' }))
    await send(new GetBucketLocationCommand({ Bucket: 'photos' }))
    await send(
      new PutBucketVersioningCommand({
        Bucket: 'photos',
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    )
    expect(await server.store.getVersioning('acme-photos')).toBe('Enabled')
  })

  test('is not reached by the name that the store has for it', async () => {
    const error = { name: 'NoSuchBucket' }
    await expect(send(new ListObjectsV2Command({ Bucket: 'acme-photos' }))).rejects.toMatchObject(error)
    await expect(
      send(new PutObjectCommand({ Bucket: 'acme-photos', Key: 'k', Body: 'x' })),
    ).rejects.toMatchObject(error)
    await expect(send(new DeleteBucketCommand({ Bucket: 'acme-photos' }))).rejects.toMatchObject(error)
    await expect(
      send(new CopyObjectCommand({ Bucket: 'plain', Key: 'k', CopySource: 'acme-photos/k' })),
    ).rejects.toMatchObject(error)
    await expect(
      send(new GetObjectCommand({ Bucket: 'acme-photos', Key: 'k', VersionId: 'none' })),
    ).rejects.toMatchObject(error)
    await expect(send(new CreateBucketCommand({ Bucket: 'acme-photos' }))).rejects.toMatchObject({
      name: 'BucketAlreadyExists',
    })
  })

  test('takes objects, lists, copies and deletes them', async () => {
    await send(new PutObjectCommand({ Bucket: 'photos', Key: 'one', Body: 'first' }))
    await send(new CopyObjectCommand({ Bucket: 'letters', Key: 'two', CopySource: 'photos/one' }))
    await send(new CopyObjectCommand({ Bucket: 'plain', Key: 'three', CopySource: 'letters/two' }))
    expect(await textOf('plain', 'three')).toBe('first')
    const listing = await send(new ListObjectsV2Command({ Bucket: 'letters' }))
    expect(listing.Name).toBe('letters')
    expect(listing.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([['two', 5]])
    const { objects } = await server.store.list('acme-letters', { version: 2, limit: 10 })
    expect(objects.map(({ key }) => key)).toEqual(['two'])
    const Delete = { Objects: [{ Key: 'two' }] }
    const deleted = await send(new DeleteObjectsCommand({ Bucket: 'letters', Delete }))
    expect(deleted.Errors).toBeUndefined()
  })

  test('takes an object in parts, one of them from another bucket', async () => {
    const Part = { Bucket: 'letters', Key: 'parts' }
    await send(
      new PutObjectCommand({ Bucket: 'photos', Key: 'source', Body: Buffer.alloc(5 * 2 ** 20, 's') }),
    )
    const { UploadId } = await send(new CreateMultipartUploadCommand(Part))
    const uploads = await send(new ListMultipartUploadsCommand({ Bucket: 'letters' }))
    expect(uploads.Uploads?.map(upload => upload.UploadId)).toEqual([UploadId])
    const first = await send(
      new UploadPartCopyCommand({ ...Part, UploadId, PartNumber: 1, CopySource: 'photos/source' }),
    )
    const second = await send(new UploadPartCommand({ ...Part, UploadId, PartNumber: 2, Body: 'end' }))
    const Parts = [
      { PartNumber: 1, ETag: first.CopyPartResult?.ETag },
      { PartNumber: 2, ETag: second.ETag },
    ]
    const complete = new CompleteMultipartUploadCommand({ ...Part, UploadId, MultipartUpload: { Parts } })
    expect((await send(complete)).Bucket).toBe('letters')
    expect(await textOf('letters', 'parts')).toBe(`${'s'.repeat(5 * 2 ** 20)}end`)
  })

  test('is granted by the name that applications use', async () => {
    const other = server.clientOf('READER', [{ buckets: ['photos'], actions: ['read', 'list'] }])
    const { Buckets } = await other.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['photos'])
    await expect(other.send(new ListObjectsV2Command({ Bucket: 'letters' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    })
  })
})
