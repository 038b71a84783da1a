import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sdkFor } from '../harness/s3-client.ts'
import { startTreuhand, type Treuhand } from '../harness/treuhand.ts'
import { startSetting } from '../hostile/setting.ts'
import { digestsOf, readFolder, Secrets } from '../hostile/traces.ts'

/** T3: what the store, the data folder and the logs hold of what the application stored. */

const Bucket = 'secrecy'
const PART = 5 * 1024 * 1024
const PLAINTEXTS = {
  small: randomBytes(1_000),
  streamed: randomBytes(1_500_000),
  first: randomBytes(PART),
  last: randomBytes(70_000),
  'never completed': randomBytes(100_000),
}
const METADATA = {
  purpose: 'the merger of Alpha and Omega in March',
  'content-owner': 'somebody-whose-name-is-a-secret',
}
const HEADERS = {
  ContentType: 'application/x-secret-of-the-application',
  ContentDisposition: 'attachment; filename="merger-of-alpha-and-omega.pdf"',
  CacheControl: 'max-age=31536000, secret-extension-of-ours',
}

function secrets(): Secrets {
  const all = new Secrets()
  for (const [name, bytes] of Object.entries(PLAINTEXTS)) all.add(`the plaintext ${name}`, bytes)
  for (const [name, value] of Object.entries({ ...METADATA, ...HEADERS }))
    all.add(`the value of ${name}`, value)
  return all
}
const DIGESTS = Object.values(PLAINTEXTS).flatMap(digestsOf)

/** Stores things in every way that there is. */
async function work(application: S3Client): Promise<void> {
  await application.send(new CreateBucketCommand({ Bucket }))
  for (const key of ['small', 'streamed'] as const)
    for (const ChecksumAlgorithm of ['CRC32', 'SHA256'] as const)
      await application.send(
        new PutObjectCommand({
          Bucket,
          Key: key,
          Body: PLAINTEXTS[key],
          Metadata: METADATA,
          ...HEADERS,
          ChecksumAlgorithm,
        }),
      )
  await application.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/small` }))
  for (const [key, parts] of [
    ['multipart', ['first', 'last']],
    ['open', ['never completed']],
  ] as const) {
    const at = { Bucket, Key: key }
    const { UploadId } = await application.send(
      new CreateMultipartUploadCommand({
        ...at,
        Metadata: METADATA,
        ...HEADERS,
        ChecksumAlgorithm: 'SHA256',
      }),
    )
    const Parts = []
    for (const [i, name] of parts.entries()) {
      const part = {
        ...at,
        UploadId,
        PartNumber: i + 1,
        Body: PLAINTEXTS[name],
        ChecksumAlgorithm: 'SHA256',
      } as const
      const { ETag, ChecksumSHA256 } = await application.send(new UploadPartCommand(part))
      Parts.push({ PartNumber: i + 1, ETag, ChecksumSHA256 })
    }
    if (key === 'multipart')
      await application.send(
        new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }),
      )
  }
  for (const Key of ['small', 'streamed', 'multipart', 'copy'])
    await (await application.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToByteArray()
}

function expectNoTrace(place: string, bytes: Buffer, hidden: Secrets): void {
  expect(hidden.foundIn(bytes), place).toBeUndefined()
  const text = bytes.toString('latin1')
  for (const digest of DIGESTS) expect(text.includes(digest), `${digest} in ${place}`).toBe(false)
}

function expectNoTraces(treuhand: Treuhand, folders: readonly string[]): Secrets {
  const root = readFileSync(join(treuhand.data, 'root.key'))
  const { secretAccessKey } = treuhand.credential
  const hidden = secrets()
  for (const spelling of [root, root.toString('hex'), root.toString('base64')])
    hidden.add('the root key', spelling)
  let files = 0
  for (const folder of folders)
    for (const [path, bytes] of readFolder(folder)) {
      files++
      if (path === join(treuhand.data, 'root.key')) continue
      expectNoTrace(path, bytes, hidden)
      if (path !== join(treuhand.data, 'credentials'))
        expect(bytes.includes(secretAccessKey), `the access key's secret in ${path}`).toBe(false)
    }
  // A search that found nothing to look at would find nothing.
  expect(files).toBeGreaterThan(5)
  const logs = Buffer.from(treuhand.stdout() + treuhand.stderr())
  expectNoTrace('the logs', logs, hidden)
  expect(logs.includes(secretAccessKey)).toBe(false)
  return hidden
}

test('the search finds what is there, wherever it begins', () => {
  const hidden = secrets()
  for (const at of [0, 1, 2, 3, 500]) {
    const some = PLAINTEXTS.streamed.subarray(at, at + 16)
    expect(hidden.foundIn(Buffer.concat([Buffer.alloc(3), some, Buffer.alloc(5)]))).toBe(
      'the plaintext streamed',
    )
    expect(hidden.foundIn(some.subarray(0, 15))).toBeUndefined()
  }
})

describe('nothing of a plaintext, its metadata, digests or keys is found', () => {
  test('in a real S3 store, the data folder and the logs', async () => {
    const { application, treuhand, server, hostile } = await startSetting()
    await work(application)
    const sent = hostile.asked()
    const hidden = expectNoTraces(treuhand, [server.folders.buckets, server.folders.versions, treuhand.data])
    expect(sent.length).toBeGreaterThan(10)
    for (const { target, headers, body } of sent)
      expectNoTrace(target, Buffer.concat([Buffer.from(headers.join('\n'), 'latin1'), body]), hidden)
  })

  test('in the embedded store, the data folder and the logs', async () => {
    const treuhand = await startTreuhand()
    onTestFinished(async () => void (await treuhand.stop()))
    const application = sdkFor(treuhand)
    await work(application)
    expectNoTraces(treuhand, [treuhand.data])
    application.destroy()
  })
})
