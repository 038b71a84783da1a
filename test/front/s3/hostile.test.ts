import { createHash } from 'node:crypto'
import net from 'node:net'
import type { Readable } from 'node:stream'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { basicTime } from '../../../src/front/s3/forms/times.ts'
import { hmac, sha256 } from './harness.ts'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'guarded'
let server: TestServer

beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

interface Raw {
  readonly method: string
  readonly target: string
  readonly fields?: readonly (readonly [string, string])[]
  readonly body?: Uint8Array | string
  readonly payload?: string
  readonly now?: Date
}

/** Signs a request as a client would, with whatever fields and body, and sends just these bytes. */
async function send({
  method,
  target,
  fields = [],
  body = '',
  payload,
  now = new Date(),
}: Raw): Promise<{ status: number; code: string; text: string; head: string }> {
  const bytes = Buffer.from(body as string)
  const time = basicTime(now)
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const payloadHash = payload ?? createHash('sha256').update(bytes).digest('hex')
  const all = [
    ['host', `127.0.0.1:${server.port}`],
    ['x-amz-content-sha256', payloadHash],
    ['x-amz-date', time],
    ...fields.filter(([name]) => name !== 'content-length'),
  ] as const
  const names = [...new Set(all.map(([name]) => name))].sort()
  const [path = '', query = ''] = target.split('?')
  const canonical = [
    method,
    path,
    query
      .split('&')
      .filter(Boolean)
      .map(pair => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...names.map(
      name =>
        `${name}:${all
          .filter(([its]) => its === name)
          .map(([, value]) => value)
          .join(',')}`,
    ),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n')
  let signingKey = hmac(`AWS4${server.key.secret}`, time.slice(0, 8))
  for (const piece of ['us-east-1', 's3', 'aws4_request']) signingKey = hmac(signingKey, piece)
  const signature = hmac(signingKey, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString(
    'hex',
  )
  const authorization = `AWS4-HMAC-SHA256 Credential=${server.key.id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  const length = fields.find(([name]) => name === 'content-length')?.[1] ?? String(bytes.length)
  const head = [...all, ['authorization', authorization], ['content-length', length], ['connection', 'close']]
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
  return exchange(
    Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n`, 'latin1'), bytes]),
  )
}

async function exchange(bytes: Uint8Array) {
  const socket = net.connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.end(bytes)
  await new Promise(resolve => socket.once('close', resolve))
  const answer = Buffer.concat(pieces).toString('utf8')
  const [head = '', ...rest] = answer.split('\r\n\r\n')
  const text = rest.join('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), code: /<Code>([^<]*)</.exec(text)?.[1] ?? '', text, head }
}

const put = (key: string, more: Partial<Raw>) => send({ method: 'PUT', target: `/${Bucket}/${key}`, ...more })
const isThere = async (key: string) =>
  (await server.client.send(new ListObjectsV2Command({ Bucket, Prefix: key }))).KeyCount === 1

describe('nothing comes of a PUT', () => {
  const data = 'some data'
  const crc = (text: string) => ['x-amz-checksum-crc32', text] as const

  test.each<[string, string, Partial<Raw>]>([
    ['whose digest is wrong', 'XAmzContentSHA256Mismatch', { body: data, payload: sha256('other') }],
    [
      'whose MD5 is wrong',
      'BadDigest',
      { body: data, fields: [['content-md5', 'AAAAAAAAAAAAAAAAAAAAAA==']] },
    ],
    ['whose checksum is wrong', 'BadDigest', { body: data, fields: [crc('AAAAAA==')] }],
    ['whose checksum is none', 'InvalidRequest', { body: data, fields: [crc('A')] }],
    ['by a skewed clock', 'RequestTimeTooSkewed', { body: data, now: new Date(Date.now() - 16 * 60_000) }],
    [
      'with a chunk that is cut',
      'IncompleteBody',
      {
        body: '9\r\nsome',
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        fields: [['x-amz-decoded-content-length', '9']],
      },
    ],
    [
      'with unsigned chunks where signed ones were promised',
      'IncompleteBody',
      {
        body: '9\r\nsome data\r\n0\r\n\r\n',
        payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        fields: [['x-amz-decoded-content-length', '9']],
      },
    ],
    [
      'with a forged chunk signature',
      'SignatureDoesNotMatch',
      {
        body: `9;chunk-signature=${'0'.repeat(64)}\r\nsome data\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`,
        payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        fields: [['x-amz-decoded-content-length', '9']],
      },
    ],
    [
      'with a wrong trailer',
      'BadDigest',
      {
        body: '9\r\nsome data\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        fields: [
          ['x-amz-decoded-content-length', '9'],
          ['x-amz-trailer', 'x-amz-checksum-crc32'],
        ],
      },
    ],
    [
      'of another length than it decodes to',
      'IncompleteBody',
      {
        body: '9\r\nsome data\r\n0\r\n\r\n',
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        fields: [['x-amz-decoded-content-length', '10']],
      },
    ],
    [
      'without a decoded length',
      'MissingContentLength',
      { body: '9\r\nsome data\r\n0\r\n\r\n', payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
    ],
    [
      'with a customer key',
      'NotImplemented',
      { body: data, fields: [['x-amz-server-side-encryption-customer-algorithm', 'AES256']] },
    ],
    [
      'with a key id of its own',
      'NotImplemented',
      { body: data, fields: [['x-amz-server-side-encryption-aws-kms-key-id', 'mine']] },
    ],
    [
      'with an encryption nobody has',
      'InvalidArgument',
      { body: data, fields: [['x-amz-server-side-encryption', 'ROT13']] },
    ],
    [
      'with too much metadata',
      'MetadataTooLarge',
      { body: data, fields: [['x-amz-meta-a', 'v'.repeat(2048)]] },
    ],
    [
      'with a field that nobody knows',
      'NotImplemented',
      { body: data, fields: [['x-amz-make-it-public', 'true']] },
    ],
    ['with an impossible condition', 'NotImplemented', { body: data, fields: [['if-none-match', '"etag"']] }],
    [
      'with too many tags',
      'BadRequest',
      { body: data, fields: [['x-amz-tagging', [...'abcdefghijk'].map(key => `${key}=`).join('&')]] },
    ],
  ])('%s: %s', async (_, code, request) => {
    expect((await put('nothing', request)).code).toBe(code)
    expect(await isThere('nothing')).toBe(false)
  })

  test('whose client goes away in the middle, and the earlier object stays', async () => {
    await put('earlier', { body: 'earlier' })
    await put('earlier', { body: 'lat', fields: [['content-length', '100']], payload: 'UNSIGNED-PAYLOAD' })
    const read = await server.client.send(new GetObjectCommand({ Bucket, Key: 'earlier' }))
    expect(await read.Body!.transformToString()).toBe('earlier')
  })

  test('for a key over 1,024 bytes', async () => {
    expect((await put('k'.repeat(1025), { body: 'x' })).code).toBe('KeyTooLongError')
  })
})

describe('a request is refused', () => {
  test.each<[string, Raw, string, number]>([
    [
      'for a sub-resource nobody has',
      { method: 'GET', target: `/${Bucket}?intelligent-tiering` },
      'NotImplemented',
      501,
    ],
    [
      'for a parameter that the operation does not have',
      { method: 'GET', target: `/${Bucket}/key?acl&size=2` },
      'NotImplemented',
      501,
    ],
    [
      'for two sub-resources at once',
      { method: 'PUT', target: `/${Bucket}/key?acl&tagging`, body: 'x' },
      'NotImplemented',
      501,
    ],
    [
      'for a method that S3 does not have',
      { method: 'PATCH', target: `/${Bucket}/key` },
      'MethodNotAllowed',
      405,
    ],
    [
      'for a POST of an object without a sub-resource',
      { method: 'POST', target: `/${Bucket}/key` },
      'MethodNotAllowed',
      405,
    ],
    [
      'with an XML bomb',
      {
        method: 'POST',
        target: `/${Bucket}?delete`,
        body: '<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>',
        fields: [['content-md5', '']],
      },
      'InvalidDigest',
      400,
    ],
    [
      'with chunks where a document is due',
      {
        method: 'PUT',
        target: `/${Bucket}?versioning`,
        body: '0\r\n\r\n',
        payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        fields: [['x-amz-decoded-content-length', '0']],
      },
      'InvalidRequest',
      400,
    ],
    [
      'with a document that is too large',
      { method: 'PUT', target: `/${Bucket}?versioning`, body: 'x'.repeat(70_000) },
      'MaxMessageLengthExceeded',
      400,
    ],
    [
      'with a bucket name that is none',
      { method: 'GET', target: '/No_Bucket/key' },
      'InvalidBucketName',
      400,
    ],
    ['with broken escapes', { method: 'GET', target: `/${Bucket}/%zz` }, 'InvalidURI', 400],
  ])('%s', async (_, request, code, status) => {
    expect(await send(request)).toMatchObject({ code, status })
  })

  test('with a document type, whatever its digest', async () => {
    const body = '<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'
    const md5 = createHash('md5').update(body).digest('base64')
    expect(
      (await send({ method: 'POST', target: `/${Bucket}?delete`, body, fields: [['content-md5', md5]] }))
        .code,
    ).toBe('MalformedXML')
  })

  test.each<[string, string, number]>([
    ['two lengths', 'GET / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n', 400],
    [
      'a length and chunks',
      'GET / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
    ['two hosts', 'GET / HTTP/1.1\r\nhost: h\r\nhost: i\r\n\r\n', 400],
    ['10,000 fields', `GET / HTTP/1.1\r\nhost: h\r\n${'a: b\r\n'.repeat(10_000)}\r\n`, 400],
    ['no HTTP', 'nonsense\r\n\r\n', 400],
  ])('with %s, in the words of S3', async (_, text, status) => {
    const answer = await exchange(Buffer.from(text))
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(
      /^<\?xml .*<Error><Code>\w+<\/Code><Message>[^<]+<\/Message><RequestId>[0-9A-F]{16}<\/RequestId><HostId>[\w+/]+=*<\/HostId><\/Error>$/s,
    )
  })

  test('with two authorizations', async () => {
    const field = 'authorization: AWS4-HMAC-SHA256 Credential=a\r\n'
    expect(
      (await exchange(Buffer.from(`GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n${field}${field}\r\n`)))
        .code,
    ).toBe('InvalidArgument')
  })
})

describe('an access key does what its grants say and no more', () => {
  test('in the buckets, below the prefixes, and of the actions that they name', async () => {
    const reader = server.clientOf('READER', [
      { buckets: [Bucket], prefixes: ['shared/'], actions: ['read', 'list'] },
      { buckets: ['log*'], actions: ['write'], expires: new Date(Date.now() + 60_000) },
      { buckets: ['old'], actions: ['write'], expires: new Date(0) },
      { buckets: [Bucket], actions: ['delete'], networks: ['10.0.0.0/8'] },
    ])
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'shared/a', Body: 'a' }))
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'secret', Body: 's' }))
    await server.client.send(new CreateBucketCommand({ Bucket: 'logs' }))
    await server.client.send(new CreateBucketCommand({ Bucket: 'old' }))
    const denied = expect.objectContaining({ name: 'AccessDenied' })

    const shared = await reader.send(new GetObjectCommand({ Bucket, Key: 'shared/a' }))
    expect(await shared.Body!.transformToString()).toBe('a')
    await reader.send(new ListObjectsV2Command({ Bucket, Prefix: 'shared/' }))
    await reader.send(new PutObjectCommand({ Bucket: 'logs', Key: 'line', Body: 'x' }))
    await expect(reader.send(new GetObjectCommand({ Bucket, Key: 'secret' }))).rejects.toEqual(denied)
    await expect(reader.send(new ListObjectsV2Command({ Bucket }))).rejects.toEqual(denied)
    await expect(reader.send(new ListObjectsV2Command({ Bucket, Prefix: 'share' }))).rejects.toEqual(denied)
    await expect(reader.send(new PutObjectCommand({ Bucket, Key: 'shared/b', Body: 'x' }))).rejects.toEqual(
      denied,
    )
    await expect(reader.send(new GetObjectCommand({ Bucket: 'logs', Key: 'line' }))).rejects.toEqual(denied)
    await expect(reader.send(new PutObjectCommand({ Bucket: 'old', Key: 'x', Body: 'x' }))).rejects.toEqual(
      denied,
    )
    await expect(reader.send(new CreateBucketCommand({ Bucket: 'logs2' }))).rejects.toEqual(denied)
    const { Buckets } = await reader.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name).sort()).toEqual([Bucket, 'logs'])
  })
})

test('each request is told to the log, with its outcome and without its signature', async () => {
  server.events()
  await put('logged', { body: 'x' })
  await put('logged', { body: 'x', payload: sha256('y') })
  const events = server.events()
  expect(events).toMatchObject([
    { event: 'request', operation: 'PutObject', bucket: Bucket, key: 'logged', accessKeyId: server.key.id },
    { event: 'request', operation: 'PutObject', code: 'XAmzContentSHA256Mismatch' },
  ])
  expect(JSON.stringify(events)).not.toContain('ignature')
})

test('a client that goes away while it is answered is told to the log, and not as a defect', async () => {
  const Key = 'large'
  await server.client.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array(32 * 2 ** 20) }))
  server.events()
  const { Body } = await server.client.send(new GetObjectCommand({ Bucket, Key }))
  ;(Body as Readable).destroy()
  const events = await vi.waitUntil(() => someOrNone(server.events()), { timeout: 30_000 })
  expect(events).toMatchObject([{ event: 'request', operation: 'GetObject', code: 'ClientGone' }])
})

const someOrNone = <T>(list: readonly T[]) => (list.length > 0 ? list : undefined)

test('a URL by SigV2 is refused by name', async () => {
  const target = `/${Bucket}/key?AWSAccessKeyId=AKIDMAIN&Expires=1&Signature=x`
  const answer = await fetch(`${server.endpoint}${target}`, { method: 'PUT' })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('Please use AWS4-HMAC-SHA256.')
})
