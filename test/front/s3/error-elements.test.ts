import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorAnswer } from '../../../src/front/s3/answer.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { headersOf } from './harness.ts'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'errors'
const at = { Bucket, Key: 'a key' }
const LONG_AGO = new Date('2001-01-01T00:00:00Z')
const TOMORROW = new Date(Date.now() + 86_400_000)
let server: TestServer
let etag: string
let modified: Date
let markerId: string

beforeAll(async () => {
  server = await startServer()
  const { client } = server
  await client.send(new CreateBucketCommand({ Bucket }))
  etag = (await client.send(new PutObjectCommand({ ...at, Body: '0123456789' }))).ETag!
  modified = (await client.send(new HeadObjectCommand(at))).LastModified!
  await client.send(new CreateBucketCommand({ Bucket: 'versions' }))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await client.send(new PutBucketVersioningCommand({ Bucket: 'versions', VersioningConfiguration }))
  markerId = (await client.send(new DeleteObjectCommand({ Bucket: 'versions', Key: 'gone' }))).VersionId!
})
afterAll(() => server.close())

type Refused = Record<string, unknown> & { $metadata: { requestId: string; extendedRequestId: string } }

/** What the SDK makes of the error document, which is all of its elements. */
async function refused(command: object): Promise<Refused> {
  return server.client.send(command as GetObjectCommand).then(
    () => Promise.reject(new Error('it was not refused')),
    error => error,
  )
}

const source = { CopySource: `${Bucket}/a%20key` }
const get = (more: object) => new GetObjectCommand({ ...at, ...more })
const copy = (more: object) => new CopyObjectCommand({ Bucket, Key: 'copy', ...source, ...more })
const upload = { ...at, UploadId: '00000000-0000-4000-8000-000000000000' }

describe('an error document says of the request what S3 says', () => {
  test.each([
    ['NoSuchKey', get({ Key: 'nothing' }), { Key: 'nothing' }],
    ['NoSuchKey', copy({ CopySource: `${Bucket}/no/source` }), { Key: 'no/source' }],
    ['NoSuchBucket', new ListObjectsV2Command({ Bucket: 'nowhere' }), { BucketName: 'nowhere' }],
    ['NoSuchBucket', copy({ CopySource: 'elsewhere/key' }), { BucketName: 'elsewhere' }],
    ['NoSuchCORSConfiguration', new GetBucketCorsCommand({ Bucket }), { BucketName: Bucket }],
    ['BucketNotEmpty', new DeleteBucketCommand({ Bucket }), { BucketName: Bucket }],
    ['InvalidRange', get({ Range: 'bytes=99-' }), { RangeRequested: 'bytes=99-', ActualObjectSize: '10' }],
    ['InvalidPartNumber', get({ PartNumber: 4 }), { PartNumberRequested: '4', ActualPartCount: '1' }],
    ['NoSuchUpload', new AbortMultipartUploadCommand(upload), { UploadId: upload.UploadId }],
    ['PreconditionFailed', get({ IfMatch: '"other"' }), { Condition: 'If-Match' }],
    ['PreconditionFailed', get({ IfUnmodifiedSince: LONG_AGO }), { Condition: 'If-Unmodified-Since' }],
    [
      'PreconditionFailed',
      new PutObjectCommand({ ...at, Body: 'x', IfNoneMatch: '*' }),
      { Condition: 'If-None-Match' },
    ],
    [
      'PreconditionFailed',
      copy({ CopySourceIfMatch: '"other"' }),
      { Condition: 'x-amz-copy-source-If-Match' },
    ],
  ])('%s, %#', async (code, command, elements) => {
    expect(await refused(command)).toMatchObject({ name: code, ...elements })
  })

  test('a version that is not there, and one that is a marker', async () => {
    const gone = { Bucket: 'versions', Key: 'gone' }
    const VersionId = '0'.repeat(markerId.length)
    expect(await refused(new GetObjectCommand({ ...gone, VersionId: markerId }))).toMatchObject({
      name: 'MethodNotAllowed',
      Method: 'GET',
      ResourceType: 'DeleteMarker',
    })
    const absent = await refused(new GetObjectCommand({ ...gone, VersionId }))
    if (absent['name'] === 'NoSuchVersion') expect(absent).toMatchObject({ Key: 'gone', VersionId })
    else expect(absent).toMatchObject({ ArgumentName: 'versionId', ArgumentValue: VersionId })
  })

  test('a part that was not uploaded, and one that is too small', async () => {
    const { UploadId } = await server.client.send(new CreateMultipartUploadCommand(at))
    const parts = await Promise.all(
      [1, 2].map(async PartNumber => {
        const part = { ...at, UploadId, PartNumber, Body: 'short' }
        return { PartNumber, ETag: (await server.client.send(new UploadPartCommand(part))).ETag! }
      }),
    )
    const complete = (Parts: object[]) =>
      refused(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
    expect(await complete([{ PartNumber: 3, ETag: '"other"' }])).toMatchObject({
      name: 'InvalidPart',
      UploadId,
      PartNumber: '3',
      ETag: 'other',
    })
    expect(await complete(parts.toReversed())).toMatchObject({ name: 'InvalidPartOrder', UploadId })
    expect(await complete(parts)).toMatchObject({
      name: 'EntityTooSmall',
      PartNumber: '1',
      ETag: parts[0]!.ETag.replaceAll('"', ''),
      ProposedSize: '5',
      MinSizeAllowed: '5242880',
    })
  })

  test('and which condition failed only where that is known', async () => {
    const both = copy({ CopySourceIfMatch: '"other"', CopySourceIfModifiedSince: TOMORROW })
    expect(await refused(both)).not.toHaveProperty('Condition')
    const one = copy({ CopySourceIfMatch: '"other"', CopySourceIfUnmodifiedSince: TOMORROW })
    expect(await refused(one)).toMatchObject({ Condition: 'x-amz-copy-source-If-Match' })
    const unchanged = get({ IfMatch: '"other"', IfNoneMatch: etag })
    expect(await refused(unchanged)).toMatchObject({ Condition: 'If-Match' })
    const since = copy({ CopySourceIfModifiedSince: modified })
    expect(await refused(since)).toMatchObject({ Condition: 'x-amz-copy-source-If-Modified-Since' })
  })
})

test('the ids of request and host are the same in document and fields', async () => {
  const failure = await refused(get({ Key: 'nothing' }))
  const { requestId, extendedRequestId } = failure.$metadata
  expect(failure).toMatchObject({
    RequestId: requestId,
    HostId: extendedRequestId,
    Resource: '/errors/nothing',
  })
  const head = await refused(new HeadObjectCommand({ ...at, Key: 'nothing' }))
  expect(head.$metadata.extendedRequestId).toBe(extendedRequestId)
})

test('what XML cannot hold is left out, so that the code can be read', () => {
  const { body } = errorAnswer(new S3Error('NoSuchKey'), 'ID', {
    method: 'GET',
    target: '/b/%01',
    place: { kind: 'object', bucket: 'b', key: '\x01' },
    headers: headersOf([]),
  })
  expect(String(body)).toContain('<Code>NoSuchKey</Code>')
  expect(String(body)).not.toContain('<Key>')
})
