import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sdkFor } from '../harness/s3-client.ts'
import { startTreuhand } from '../harness/treuhand.ts'

const Bucket = 'photos'

vi.setConfig({ testTimeout: 120_000 })

describe('several workers', () => {
  test('share port, keys and uploads, and the death of one fails no request of another', async () => {
    const treuhand = await startTreuhand({ args: ['--workers', '2'] })
    onTestFinished(() => void treuhand.stop('SIGKILL'))
    const workers = () =>
      execFileSync('ps', ['-o', 'pid=', '--ppid', String(treuhand.pid)], { encoding: 'utf8' })
        .split('\n')
        .map(line => Number(line.trim()))
        .filter(pid => pid > 0)
    const [first, second] = workers()

    // A client's connection stays with one worker: clients of their own reach both, in turn.
    const clients = Array.from({ length: 4 }, () => sdkFor(treuhand))
    await clients[0]!.send(new CreateBucketCommand({ Bucket }))
    const body = randomBytes(5 * 2 ** 20)
    const { UploadId } = await clients[0]!.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }))
    const Parts = await Promise.all(
      clients.map(async (client, index) => {
        const PartNumber = index + 1
        const part = { Bucket, Key: 'parts', UploadId, PartNumber, Body: body }
        return { PartNumber, ETag: (await client.send(new UploadPartCommand(part))).ETag }
      }),
    )
    const complete = { Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } }
    await clients[3]!.send(new CompleteMultipartUploadCommand(complete))
    await clients[0]!.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'before' }))

    process.kill(first!, 'SIGKILL')
    await expect.poll(workers, { timeout: 60_000 }).toEqual([second, expect.any(Number)])
    await expect.poll(() => treuhand.stderr(), { timeout: 60_000 }).toContain('"worker-died"')
    // New connections, as those that the dead worker had are gone, whether their client has seen it or not.
    for (const client of clients) client.destroy()
    const readers = Array.from({ length: 4 }, () => sdkFor(treuhand))
    for (const reader of readers) expect(await textOf(reader, 'k')).toBe('before')
    expect(await treuhand.stop()).toBe(0)
  })
})

async function textOf(client: S3Client, Key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Body!.transformToString()
}
