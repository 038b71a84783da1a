import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pattern } from '../../objects/harness.ts'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'uploads'
const MIN = 5 * 1024 * 1024
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

const create = async (Key: string, more = {}) =>
  (await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))).UploadId!
const upload = (Key: string, UploadId: string, PartNumber: number, Body: Uint8Array, more = {}) =>
  server.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }))
const complete = (Key: string, UploadId: string, Parts: object[], more = {}) =>
  server.client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
  )
const bytesOf = async (Key: string, more = {}) =>
  Buffer.from(
    await (
      await server.client.send(new GetObjectCommand({ Bucket, Key, ...more }))
    ).Body!.transformToByteArray(),
  )

describe('a listing of uploads', () => {
  test('names the checksum that each was begun with', async () => {
    await create('kinds-1', { ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' })
    await create('kinds-2', { ChecksumAlgorithm: 'SHA256' })
    await create('kinds-3')
    const listed = await server.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'kinds' }))
    expect(listed.Uploads?.map(upload => [upload.ChecksumAlgorithm, upload.ChecksumType])).toEqual([
      ['CRC32C', 'FULL_OBJECT'],
      ['SHA256', 'COMPOSITE'],
      [undefined, undefined],
    ])
  })
})

describe('an upload', () => {
  test('of uneven parts, out of order, one sent again and one left out, is the object the client listed', async () => {
    const parts = [pattern(MIN, 1), pattern(MIN + 4711, 2), pattern(17, 3)]
    const UploadId = await create('uneven', { Metadata: { who: 'me' }, ContentType: 'text/plain' })
    const third = await upload('uneven', UploadId, 7, parts[2]!)
    await upload('uneven', UploadId, 2, pattern(99, 9))
    const first = await upload('uneven', UploadId, 1, parts[0]!)
    await upload('uneven', UploadId, 5, pattern(100, 9))
    const second = await upload('uneven', UploadId, 2, parts[1]!)

    const listed = await server.client.send(new ListPartsCommand({ Bucket, Key: 'uneven', UploadId }))
    expect(listed.Parts?.map(part => [part.PartNumber, part.Size])).toEqual([
      [1, MIN],
      [2, MIN + 4711],
      [5, 100],
      [7, 17],
    ])
    const page = await server.client.send(
      new ListPartsCommand({ Bucket, Key: 'uneven', UploadId, MaxParts: 2, PartNumberMarker: '1' }),
    )
    expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '5', MaxParts: 2 })

    const done = await complete('uneven', UploadId, [
      { PartNumber: 1, ETag: first.ETag },
      { PartNumber: 2, ETag: second.ETag },
      { PartNumber: 7, ETag: third.ETag },
    ])
    expect(done).toMatchObject({ Bucket, Key: 'uneven', Location: `${server.endpoint}/uploads/uneven` })
    expect((await bytesOf('uneven')).equals(Buffer.concat(parts))).toBe(true)
    const head = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'uneven', PartNumber: 2 }))
    expect(head).toMatchObject({
      PartsCount: 3,
      ContentLength: MIN + 4711,
      ETag: done.ETag,
      ContentType: 'text/plain',
      Metadata: { who: 'me' },
    })
    expect((await bytesOf('uneven', { PartNumber: 3 })).equals(parts[2]!)).toBe(true)
    await expect(bytesOf('uneven', { PartNumber: 4 })).rejects.toMatchObject({ name: 'InvalidPartNumber' })
    await expect(bytesOf('uneven', { PartNumber: 1, Range: 'bytes=0-1' })).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
  })

  test('may be completed once more with the same parts', async () => {
    const UploadId = await create('again')
    const part = { PartNumber: 1, ETag: (await upload('again', UploadId, 1, pattern(10))).ETag }
    const done = await complete('again', UploadId, [part])
    expect(await complete('again', UploadId, [part])).toMatchObject({ ETag: done.ETag })
  })

  test.each<[ChecksumAlgorithm, 'COMPOSITE' | 'FULL_OBJECT']>([
    ['CRC32', 'COMPOSITE'],
    ['CRC32C', 'FULL_OBJECT'],
    ['CRC64NVME', 'FULL_OBJECT'],
    ['SHA256', 'COMPOSITE'],
  ])('with checksums by %s, %s', async (ChecksumAlgorithm, ChecksumType) => {
    const Key = `sum-${ChecksumAlgorithm}`
    const field = `Checksum${ChecksumAlgorithm}` as const
    const UploadId = await create(Key, { ChecksumAlgorithm, ChecksumType })
    const parts: Record<string, unknown>[] = []
    for (const number of [1, 2]) {
      const part = await upload(Key, UploadId, number, pattern(number === 1 ? MIN : 5, number), {
        ChecksumAlgorithm,
      })
      expect(part[field as 'ChecksumCRC32']).toBeDefined()
      parts.push({ PartNumber: number, ETag: part.ETag, [field]: part[field as 'ChecksumCRC32'] })
    }
    const done = await complete(Key, UploadId, parts, { ChecksumType })
    const value = done[field as 'ChecksumCRC32']!
    expect(value.endsWith('-2')).toBe(ChecksumType === 'COMPOSITE')
    expect(done.ChecksumType).toBe(ChecksumType)
    const head = await server.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    expect(head[field as 'ChecksumCRC32']).toBe(value)
    expect(head.ChecksumType).toBe(ChecksumType)
    const part = await server.client.send(
      new GetObjectCommand({ Bucket, Key, PartNumber: 2, ChecksumMode: 'ENABLED' }),
    )
    expect(part).toMatchObject({ ChecksumType, [field]: parts[1]![field] })
    expect(await part.Body!.transformToByteArray()).toHaveLength(5)
    const range = await server.client.send(
      new GetObjectCommand({ Bucket, Key, Range: 'bytes=0-4', ChecksumMode: 'ENABLED' }),
    )
    expect(range.ChecksumType).toBeUndefined()
    expect(await range.Body!.transformToByteArray()).toHaveLength(5)
  })

  test('that was given up is gone', async () => {
    const UploadId = await create('aborted')
    await upload('aborted', UploadId, 1, pattern(10))
    const listed = await server.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'abo' }))
    expect(listed.Uploads).toMatchObject([{ Key: 'aborted', UploadId }])
    await server.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId }))
    expect(
      (await server.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'abo' }))).Uploads,
    ).toBeUndefined()
    await expect(upload('aborted', UploadId, 1, pattern(10))).rejects.toMatchObject({ name: 'NoSuchUpload' })
    await expect(bytesOf('aborted')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  test('is not completed with parts that are too small, unknown or out of order, nor with none', async () => {
    const UploadId = await create('wrong')
    const one = { PartNumber: 1, ETag: (await upload('wrong', UploadId, 1, pattern(10))).ETag }
    const two = { PartNumber: 2, ETag: (await upload('wrong', UploadId, 2, pattern(10))).ETag }
    await expect(complete('wrong', UploadId, [one, two])).rejects.toMatchObject({ name: 'EntityTooSmall' })
    await expect(complete('wrong', UploadId, [two, one])).rejects.toMatchObject({ name: 'InvalidPartOrder' })
    await expect(complete('wrong', UploadId, [{ PartNumber: 3, ETag: one.ETag }])).rejects.toMatchObject({
      name: 'InvalidPart',
    })
    await expect(complete('wrong', UploadId, [{ PartNumber: 1, ETag: two.ETag }])).rejects.toMatchObject({
      name: 'InvalidPart',
    })
    await expect(complete('wrong', UploadId, [{ PartNumber: 0, ETag: one.ETag }])).rejects.toMatchObject({
      name: 'InvalidArgument',
    })
    await expect(complete('wrong', UploadId, [])).rejects.toMatchObject({ name: 'MalformedXML' })
    await expect(complete('wrong', UploadId, [one], { MpuObjectSize: 11 })).rejects.toMatchObject({
      name: 'InvalidRequest',
    })
    await expect(upload('wrong', UploadId, 10_001, pattern(1))).rejects.toMatchObject({
      name: 'InvalidArgument',
    })
    await complete('wrong', UploadId, [one], { MpuObjectSize: 10 })
    expect(await bytesOf('wrong')).toHaveLength(10)
  })

  test('takes parts from other objects', async () => {
    const data = pattern(MIN + 1000, 4)
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'source ö', Body: data }))
    const UploadId = await create('copied')
    const CopySource = `${Bucket}/${encodeURIComponent('source ö')}`
    const copyPart = (PartNumber: number, CopySourceRange: string) =>
      server.client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'copied',
          UploadId,
          PartNumber,
          CopySource,
          CopySourceRange,
        }),
      )
    const first = await copyPart(1, `bytes=0-${MIN - 1}`)
    const second = await copyPart(2, 'bytes=5-9')
    await expect(copyPart(3, `bytes=0-${MIN + 1000}`)).rejects.toMatchObject({ name: 'InvalidArgument' })
    await expect(copyPart(3, 'bytes=9-5')).rejects.toMatchObject({ name: 'InvalidArgument' })
    await complete('copied', UploadId, [
      { PartNumber: 1, ETag: first.CopyPartResult!.ETag },
      { PartNumber: 2, ETag: second.CopyPartResult!.ETag },
    ])
    expect(
      (await bytesOf('copied')).equals(Buffer.concat([data.subarray(0, MIN), data.subarray(5, 10)])),
    ).toBe(true)
  })
})
