import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EscortedIntent } from '../../../src/front/s3/access.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { Objects } from '../../../src/objects/objects.ts'
import { startServer } from './server.ts'

const Bucket = 'photos'
const LARGE = 32 * 1024 * 1024

/** Somebody who watches, and what they were told. */
class Watcher {
  readonly asked: EscortedIntent[] = []
  readonly answers: { status: number; received: number; sent: number }[] = []
  readonly ending = new AbortController()
  decides: () => Promise<void> = async () => {}

  async admit(intent: EscortedIntent) {
    this.asked.push(intent)
    await this.decides()
    return {
      ended: this.ending.signal,
      answered: async (answer: { status: number; received: number; sent: number }) =>
        void this.answers.push(answer),
    }
  }
}

async function begin() {
  const server = await startServer()
  onTestFinished(() => server.close())
  await server.client.send(new CreateBucketCommand({ Bucket }))
  await server.client.send(new PutObjectCommand({ Bucket, Key: '2026/a', Body: 'seen' }))
  const watcher = new Watcher()
  const grants = [{ buckets: [Bucket], prefixes: ['2026/'], actions: ['read', 'write'] as const }]
  const client = server.clientOf('THGUEST', grants, watcher)
  const read = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
    return await Body!.transformToString()
  }
  const served = vi.spyOn(Objects.prototype, 'for')
  onTestFinished(() => served.mockRestore())
  return { server, watcher, client, read, served }
}

describe('a sender under escort', () => {
  let ground: Awaited<ReturnType<typeof begin>>
  beforeEach(async () => {
    ground = await begin()
  })

  test('waits for the escort before anything is looked at, and the answer is told', async () => {
    const { watcher, read, served } = ground
    const decision = Promise.withResolvers<void>()
    watcher.decides = () => decision.promise
    const reading = read('2026/a')
    await vi.waitUntil(() => watcher.asked.length === 1, { timeout: 60_000 })
    expect(served).not.toHaveBeenCalled()
    decision.resolve()
    expect(await reading).toBe('seen')
    expect(watcher.asked).toEqual([
      { operation: 'GetObject', action: 'read', bucket: Bucket, key: '2026/a', address: '127.0.0.1' },
    ])
    await vi.waitUntil(() => watcher.answers.length === 1, { timeout: 60_000 })
    expect(watcher.answers).toEqual([{ status: 200, received: 0, sent: 4 }])
  })

  test('is refused in the words of the escort, and nothing is looked at', async () => {
    const { watcher, read, served } = ground
    watcher.decides = async () => {
      throw new S3Error('AccessDenied', 'Nobody sits at the screen.')
    }
    await expect(read('2026/a')).rejects.toMatchObject({
      name: 'AccessDenied',
      message: 'Nobody sits at the screen.',
    })
    expect(served).not.toHaveBeenCalled()
  })

  test('reaches nothing beyond its grants, though the escort let it through', async () => {
    const { watcher, client, read, served } = ground
    await expect(read('2025/a')).rejects.toMatchObject({ name: 'AccessDenied' })
    const many = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: '2025/a' }] } })
    watcher.decides = async () => {
      if (watcher.asked.at(-1)!.action === 'beyond') throw new S3Error('AccessDenied')
    }
    await expect(client.send(many)).rejects.toMatchObject({ name: 'AccessDenied' })
    expect(watcher.asked.map(({ key, action }) => [key, action])).toEqual([
      ['2025/a', 'read'],
      ['', 'beyond'],
    ])
    await vi.waitUntil(() => watcher.answers.length === 1, { timeout: 60_000 })
    expect(watcher.answers).toMatchObject([{ status: 403 }])
    expect(served).not.toHaveBeenCalled()
  })

  test('uploads in chunks that are signed by the key of the day', async () => {
    const { server, watcher, client } = ground
    await client.send(new PutObjectCommand({ Bucket, Key: '2026/b', Body: Buffer.alloc(100_000, 'b') }))
    await vi.waitUntil(() => watcher.answers.length === 1, { timeout: 60_000 })
    expect(watcher.answers[0]!.received).toBeGreaterThanOrEqual(100_000)
    const { ContentLength } = await server.client.send(new HeadObjectCommand({ Bucket, Key: '2026/b' }))
    expect(ContentLength).toBe(100_000)
  })

  test('loses a download under way when the access ends', async () => {
    const { server, watcher, client } = ground
    await server.client.send(new PutObjectCommand({ Bucket, Key: '2026/large', Body: Buffer.alloc(LARGE) }))
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: '2026/large' }))
    watcher.ending.abort()
    await expect(Body!.transformToByteArray()).rejects.toThrow()
    await vi.waitUntil(() => watcher.answers.length === 1, { timeout: 60_000 })
    expect(watcher.answers[0]!.status).toBe(0)
    expect(watcher.answers[0]!.sent).toBeLessThan(LARGE)
  })
})
