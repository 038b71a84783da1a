import { once } from 'node:events'
import net from 'node:net'
import { Readable } from 'node:stream'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicTime } from '../../../src/front/s3/forms/times.ts'
import { hmac, sha256 } from './harness.ts'
import { startServer, type TestServer } from './server.ts'

/** Bodies in HTTP's own chunks (`Transfer-Encoding: chunked`), for which nothing but `aws-chunked` says a length. */

const Bucket = 'streams'
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

/** What `send` sends, cut into chunks of `size` bytes. */
function inChunks(text: string, size: number): string {
  let chunks = ''
  for (let at = 0; at < text.length; at += size) {
    const piece = text.slice(at, at + size)
    chunks += `${piece.length.toString(16)}\r\n${piece}\r\n`
  }
  return `${chunks}0\r\n\r\n`
}

/** A request signed as a client would, in HTTP's chunks; `body` is told how its own chunks are signed. */
async function send(
  line: string,
  payload: string,
  fields: readonly (readonly [string, string])[],
  body: (signChunk: (data: string) => string) => string,
  size: number,
): Promise<string> {
  const time = basicTime(new Date())
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const all = [
    ['host', `127.0.0.1:${server.port}`],
    ['x-amz-content-sha256', payload],
    ['x-amz-date', time],
    ...fields,
  ].sort(([a], [b]) => (a! < b! ? -1 : 1))
  const names = all.map(([name]) => name).join(';')
  const lines = all.map(([name, value]) => `${name}:${value}`).join('\n')
  const [method = '', target = ''] = line.split(' ')
  const [path = '', query = ''] = target.split('?')
  const canonical = `${method}\n${path}\n${query && `${query}=`}\n${lines}\n\n${names}\n${payload}`
  const key = [time.slice(0, 8), 'us-east-1', 's3', 'aws4_request'].reduce<Uint8Array | string>(
    (secret, step) => hmac(secret, step),
    `AWS4${server.key.secret}`,
  )
  const sign = (text: string) => hmac(key, text).toString('hex')
  let previous = sign(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`)
  const authorization = `AWS4-HMAC-SHA256 Credential=${server.key.id}/${scope}, SignedHeaders=${names}, Signature=${previous}`
  const signChunk = (data: string) => {
    previous = sign(
      `AWS4-HMAC-SHA256-PAYLOAD\n${time}\n${scope}\n${previous}\n${sha256('')}\n${sha256(data)}`,
    )
    return previous
  }
  const head = [
    ...all,
    ['authorization', authorization],
    ['transfer-encoding', 'chunked'],
    ['connection', 'close'],
  ]
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  const socket = net.connect(server.port, '127.0.0.1').setEncoding('latin1')
  let heard = ''
  socket.on('data', text => {
    heard += text
  })
  socket.write(`${line} HTTP/1.1\r\n${head}\r\n${inChunks(body(signChunk), size)}`, 'latin1')
  await once(socket, 'close')
  return heard
}

const signedChunk = (data: string, signature: string) =>
  `${data.length.toString(16)};chunk-signature=${signature}\r\n${data}\r\n`

describe('a body in chunks', () => {
  test.each([1, 17, 100_000])('that are signed is stored, in pieces of %i bytes', async size => {
    const parts = ['a'.repeat(8192), 'b'.repeat(100)]
    const heard = await send(
      `PUT /${Bucket}/signed`,
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      [
        ['content-encoding', 'aws-chunked'],
        ['x-amz-decoded-content-length', '8292'],
      ],
      sign => [...parts, ''].map(part => signedChunk(part, sign(part))).join(''),
      size,
    )
    expect(heard).toMatch(/^HTTP\/1\.1 200 /)
    const read = await server.client.send(new GetObjectCommand({ Bucket, Key: 'signed' }))
    expect(await read.Body!.transformToString()).toBe(parts.join(''))
    expect(read.ContentEncoding).toBeUndefined()
  })

  test.each([
    ['a decoded length', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', '9\r\nsome data\r\n0\r\n\r\n'],
    ['aws-chunked', 'UNSIGNED-PAYLOAD', 'some data'],
    ['aws-chunked but with a digest', sha256('some data'), 'some data'],
  ])('without %s has no length', async (_what, payload, body) => {
    const heard = await send(`PUT /${Bucket}/none`, payload, [], () => body, 5)
    expect(heard).toMatch(/^HTTP\/1\.1 411 [\s\S]*<Code>MissingContentLength</)
  })

  test('is no document', async () => {
    const body = '<Tagging><TagSet></TagSet></Tagging>'
    const heard = await send(`PUT /${Bucket}?tagging`, sha256(body), [], () => body, 5)
    expect(heard).toMatch(/^HTTP\/1\.1 411 [\s\S]*<Code>MissingContentLength</)
  })

  test.each([8, 10])('of 9 bytes is not stored as one of %i', async length => {
    const heard = await send(
      `PUT /${Bucket}/other-length`,
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      [['x-amz-decoded-content-length', String(length)]],
      () => '9\r\nsome data\r\n0\r\n\r\n',
      5,
    )
    expect(heard).toMatch(/^HTTP\/1\.1 400 [\s\S]*<Code>IncompleteBody</)
    const { KeyCount } = await server.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'other' }))
    expect(KeyCount).toBe(0)
  })

  test('that the SDK sends without a checksum has no length, as at S3', async () => {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: server.key.id, secretAccessKey: server.key.secret },
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    })
    const Body = Readable.from(['some data'], { objectMode: false })
    await expect(client.send(new PutObjectCommand({ Bucket, Key: 'none', Body }))).rejects.toMatchObject({
      name: 'MissingContentLength',
    })
    client.destroy()
  })
})
