import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
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
import { startTreuhand, type Treuhand } from '../harness/treuhand.ts'

const Bucket = 'photos'

vi.setConfig({ testTimeout: 120_000 })

describe('several workers', () => {
  test('share port, keys and uploads, and the death of one fails no request of another', async () => {
    const treuhand = await startTreuhand({ args: ['--workers', '2'] })
    onTestFinished(() => void treuhand.stop('SIGKILL'))
    const workers = () => workersOf(treuhand)
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

test('the death of a worker breaks its own connections alone, and what the other was asked is answered', async () => {
  const treuhand = await startTreuhand({ args: ['--workers', '2'] })
  onTestFinished(() => void treuhand.stop('SIGKILL'))
  // The primary hands connections out in turn, but may pass over a worker that is slow: how many each has is not known.
  const connections: Asking[] = []
  for (let number = 0; number < 6; number++) connections.push(await Asking.open(treuhand))

  for (const connection of connections) connection.ask(50)
  process.kill(workersOf(treuhand)[0]!, 'SIGKILL')
  await expect.poll(() => treuhand.stderr(), { timeout: 60_000 }).toContain('"worker-died"')
  for (const connection of connections) connection.ask(1)
  const settled = () => connections.every(({ closed, answers }) => closed || answers === 52)
  await expect.poll(settled, { timeout: 60_000 }).toBe(true)
  const living = connections.filter(({ closed }) => !closed)
  expect(living.length).toBeGreaterThan(0)
  expect(living.length).toBeLessThan(6)
})

function workersOf({ pid }: Treuhand): number[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .split('\n')
    .map(line => Number(line.trim()))
    .filter(worker => worker > 0)
}

/** One connection, over which requests without a signature are sent, and refusals counted. */
class Asking {
  closed = false
  #heard = ''
  readonly #socket: ReturnType<typeof connect>

  private constructor(socket: ReturnType<typeof connect>) {
    this.#socket = socket
    socket.on('data', bytes => {
      this.#heard += bytes.toString('latin1')
    })
    socket
      .on('error', () => {})
      .on('close', () => {
        this.closed = true
      })
  }

  /** A connection whose first request has been answered. */
  static async open({ endpoint }: Treuhand): Promise<Asking> {
    const { hostname, port } = new URL(endpoint)
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    const asking = new Asking(socket)
    asking.ask(1)
    await expect.poll(() => asking.answers, { timeout: 60_000 }).toBe(1)
    return asking
  }

  /** Sends so many requests, one behind the other. */
  ask(count: number): void {
    this.#socket.write('GET /photos/k HTTP/1.1\r\nhost: s3.test\r\n\r\n'.repeat(count))
  }

  get answers(): number {
    return this.#heard.split('HTTP/1.1 403').length - 1
  }
}

async function textOf(client: S3Client, Key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Body!.transformToString()
}
