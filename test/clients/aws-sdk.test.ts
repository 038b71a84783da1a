import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { sdkFor } from '../harness/s3-client.ts'
import { pattern } from '../objects/harness.ts'
import { STORES, treuhandOver } from './setting.ts'

const KIB = 1_024
const MIB = 1_024 * KIB
const MIN = 5 * MIB
const GIB = 1_024 * MIB
const SIZES = [0, 1, 65_480, 65_481, MIN - 1, MIN, MIN + 1, 64 * MIB]
const Bucket = 'sdk'

describe.each(STORES)('the AWS SDK for JavaScript over %s', kind => {
  let s3: S3Client
  beforeAll(async () => {
    s3 = sdkFor(await treuhandOver(kind))
    await s3.send(new CreateBucketCommand({ Bucket }))
  })

  test.each(SIZES)('puts %i bytes and gets them back, under its default checksums', async size => {
    const Key = `size ${size}`
    const Body = pattern(size)
    const put = await s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { size: String(size) } }))
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(got).toMatchObject({ ContentLength: size, ETag: put.ETag, Metadata: { size: String(size) } })
    expect(Buffer.compare(Buffer.from(await got.Body!.transformToByteArray()), Body)).toBe(0)
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    expect(head).toMatchObject({ ContentLength: size, ChecksumCRC32: put.ChecksumCRC32 })
  })

  test('puts 1 GiB as a stream and gets it back', async () => {
    const piece = pattern(MIB)
    const whole = createHash('sha256')
    async function* pieces() {
      for (let i = 0; i < GIB / MIB; i++) {
        piece.writeUInt32BE(i)
        whole.update(piece)
        yield Buffer.from(piece)
      }
    }
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'gib', Body: Readable.from(pieces()), ContentLength: GIB }),
    )
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'gib' }))
    const read = createHash('sha256')
    for await (const chunk of got.Body as Readable) read.update(chunk)
    expect(read.digest('hex')).toBe(whole.digest('hex'))
  })

  test('reads every range at the border of a segment', async () => {
    const size = 3 * 65_536 + 100
    const bytes = pattern(size, 3)
    await s3.send(new PutObjectCommand({ Bucket, Key: 'ranged', Body: bytes }))
    for (const border of [65_480, 65_480 + 65_520, 65_480 + 2 * 65_520, size - 1])
      for (const at of [border - 1, border, border + 1].filter(offset => offset < size))
        for (const [first, last] of [
          [at, at],
          [0, at],
          [at, size - 1],
        ] as const) {
          const Range = `bytes=${first}-${last}`
          const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range }))
          expect(got.ContentRange).toBe(`bytes ${first}-${last}/${size}`)
          const read = Buffer.from(await got.Body!.transformToByteArray())
          expect(Buffer.compare(read, bytes.subarray(first, last + 1))).toBe(0)
        }
  })

  test('uploads uneven parts, out of order, sent again and left out, the last of one byte', async () => {
    const Key = 'parts'
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const etags = new Map<number, string>()
    const send = async (PartNumber: number, Body: Buffer) => {
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
      etags.set(PartNumber, ETag!)
    }
    await send(7, pattern(1, 7))
    await send(3, pattern(MIN + 12_345, 3))
    await send(1, pattern(100, 1))
    await send(2, pattern(MIN, 2))
    await send(1, pattern(2 * MIN + 1, 11))
    const Parts = [1, 3, 7].map(PartNumber => ({ PartNumber, ETag: etags.get(PartNumber) }))
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))
    const whole = Buffer.concat([pattern(2 * MIN + 1, 11), pattern(MIN + 12_345, 3), pattern(1, 7)])
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(Buffer.compare(Buffer.from(await got.Body!.transformToByteArray()), whole)).toBe(0)
    const second = await s3.send(new GetObjectCommand({ Bucket, Key, PartNumber: 2 }))
    expect(second).toMatchObject({ PartsCount: 3, ContentLength: MIN + 12_345 })
  })
})
