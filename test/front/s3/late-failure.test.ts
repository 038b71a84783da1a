import { Agent } from 'node:http'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Metrics, metered } from '../../../src/cli/metrics.ts'
import type { FrontEvent } from '../../../src/front/s3/front.ts'
import { StoreUnavailable } from '../../../src/store/errors.ts'
import type { Store } from '../../../src/store/store.ts'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'late'
let server: TestServer
beforeAll(async () => {
  server = await startServer({ patience: 5 })
  await server.client.send(new CreateBucketCommand({ Bucket }))
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'data' }))
})
afterAll(() => server.close())
beforeEach(() => void server.events())

/** A client that counts its connections, and tells when an answer to it has begun. */
function watchingClient(): { client: S3Client; begun: Promise<void>; connections(): number } {
  const { promise: begun, resolve } = Promise.withResolvers<void>()
  let connections = 0
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 })
  const connect = httpAgent.createConnection.bind(httpAgent)
  httpAgent.createConnection = (...args) => {
    connections++
    return connect(...args)
  }
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: server.key.id, secretAccessKey: server.key.secret },
    maxAttempts: 1,
    requestHandler: { httpAgent },
  })
  const tell = (next: (args: never) => Promise<never>) => async (args: never) => {
    const response = await next(args)
    resolve()
    return response
  }
  client.middlewareStack.add(tell as never, { step: 'deserialize', priority: 'low' })
  return { client, begun, connections: () => connections }
}

/** Holds the store's next call of this kind until `fate` has come about. */
function hold(method: 'completeUpload' | 'copy' | 'get', fate: () => Promise<void>): void {
  const { store } = server
  const real = store[method].bind(store) as (...args: unknown[]) => Promise<unknown>
  const held = async (...args: unknown[]) => {
    Object.assign(store, { [method]: real })
    await fate()
    return real(...args)
  }
  Object.assign(store, { [method]: held } as Partial<Store>)
}

async function uploaded(Key: string) {
  const { UploadId } = await server.client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const at = { Bucket, Key, UploadId }
  const { ETag } = await server.client.send(new UploadPartCommand({ ...at, PartNumber: 1, Body: 'data' }))
  return { at, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }
}

const requestOf = (events: FrontEvent[]) => events.find(({ event }) => event === 'request')

describe('a failure inside a 200', () => {
  test('that the store brings about is logged and counted by its code, as the client hears it', async () => {
    const { client, begun } = watchingClient()
    const { at, MultipartUpload } = await uploaded('aborted')
    server.events()
    hold('completeUpload', async () => {
      await begun
      const [upload] = (await server.store.listUploads(Bucket, { prefix: 'aborted', limit: 1 })).uploads
      await server.store.abortUpload({ bucket: Bucket, key: 'aborted' }, upload!.uploadId)
    })
    const failure = await client
      .send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload }))
      .catch(error => error)
    expect(failure).toMatchObject({ name: 'NoSuchUpload' })
    const told = requestOf(server.events())
    expect(told).toMatchObject({ operation: 'CompleteMultipartUpload', code: 'NoSuchUpload' })

    const metrics = new Metrics()
    metered({ debug() {}, info() {}, warn() {}, error() {} }, metrics).debug('request', { ...told } as never)
    expect(metrics.text()).toContain(
      'treuhand_requests_total{operation="CompleteMultipartUpload",code="NoSuchUpload"} 1',
    )
    client.destroy()
  })

  test.each([
    ['CopyObject', 'copy'],
    ['UploadPartCopy', 'get'],
  ] as const)('of %s is one too, and its reason an event for the operator', async (operation, method) => {
    const { client, begun } = watchingClient()
    const { at } = await uploaded(operation)
    server.events()
    hold(method, async () => {
      await begun
      throw new StoreUnavailable('unreachable', 'ECONNREFUSED')
    })
    const CopySource = `${Bucket}/source`
    const sent =
      operation === 'CopyObject'
        ? client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
        : client.send(new UploadPartCopyCommand({ ...at, PartNumber: 2, CopySource }))
    await expect(sent).rejects.toMatchObject({ name: 'ServiceUnavailable' })
    const events = server.events()
    expect(requestOf(events)).toMatchObject({ operation, code: 'ServiceUnavailable' })
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'store-unavailable', reason: 'unreachable' }),
    )
    client.destroy()
  })

  test('that is a defect of ours leaves the connection to the next request', async () => {
    const { client, begun, connections } = watchingClient()
    hold('copy', async () => {
      await begun
      throw new TypeError('nobody thought of this')
    })
    const copy = new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source` })
    await expect(client.send(copy)).rejects.toMatchObject({ name: 'InternalError' })
    const events = server.events()
    expect(requestOf(events)).toMatchObject({ code: 'InternalError' })
    expect(events.filter(({ event }) => event === 'defect')).toHaveLength(1)
    await client.send(copy)
    expect(connections()).toBe(1)
    client.destroy()
  })
})

test('what takes long and succeeds is logged as a success', async () => {
  const { client, begun } = watchingClient()
  const { at, MultipartUpload } = await uploaded('slow')
  server.events()
  hold('completeUpload', () => begun)
  await client.send(new CompleteMultipartUploadCommand({ ...at, MultipartUpload }))
  expect(requestOf(server.events())).not.toHaveProperty('code')
  client.destroy()
})
