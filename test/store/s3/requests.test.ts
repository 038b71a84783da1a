import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { AccessKey } from '../../../src/front/s3/access.ts'
import { authenticate } from '../../../src/front/s3/auth/authenticate.ts'
import { SigningKeys } from '../../../src/front/s3/auth/signature.ts'
import { readQuery } from '../../../src/front/s3/forms/query.ts'
import type { NewObject } from '../../../src/store/store.ts'
import { EXAMPLE_KEY, headersOf } from '../../front/s3/harness.ts'
import { PLAIN, put } from '../contract/bytes.ts'
import { answer, OBJECT, type Seen, scripted, WELL } from './scripted-store.ts'

const AT = { bucket: 'bucket', key: 'a/../b c' }
const COPIED =
  '<CopyObjectResult><ETag>"e"</ETag><LastModified>2026-11-24T08:00:00Z</LastModified></CopyObjectResult>'

/** The headers of a request that the client and the transport write whatever is asked. */
const ALWAYS = [
  'accept-encoding',
  'authorization',
  'connection',
  'host',
  'x-amz-content-sha256',
  'x-amz-date',
]
const own = ({ headers }: Seen) => [...headers.keys()].filter(name => !ALWAYS.includes(name)).sort()

async function assertSigned({ line, headers }: Seen): Promise<void> {
  const [method = '', target = ''] = line.split(' ')
  const [path = '', query = ''] = target.split('?')
  const key: AccessKey = { ...EXAMPLE_KEY, id: 'AK', secret: 'SK' }
  const authority = { accessKeys: { find: () => key }, signingKeys: new SigningKeys(), region: 'us-east-1' }
  const request = { method, path, query: readQuery(query), headers: headersOf([...headers]) }
  await authenticate(request, 'PutObject', authority, new Date())
}

describe('an object goes to the store', () => {
  test('under headers that were built, none copied', async () => {
    const { store, seen } = await scripted(() => answer(200, OBJECT))
    const object = {
      metadata: { th1: 'envelope' },
      contentDisposition: 'overflow',
      settings: { 'x-amz-storage-class': 'STANDARD', 'x-amz-secret': 'no such setting' },
    } as NewObject
    await put(store, AT, Buffer.from('payload'), { ifNoneMatch: '*' }, object)
    expect(own(seen[0]!)).toEqual([
      'content-disposition',
      'content-encoding',
      'content-length',
      'content-type',
      'if-none-match',
      'x-amz-decoded-content-length',
      'x-amz-meta-th1',
      'x-amz-storage-class',
      'x-amz-trailer',
    ])
    expect(seen[0]!.line).toBe('PUT /bucket/a/../b%20c HTTP/1.1')
    expect(seen[0]!.headers.get('content-type')).toBe('application/octet-stream')
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32('payload'))
    expect(seen[0]!.body.toString()).toBe(
      `7\r\npayload\r\n0\r\nx-amz-checksum-crc32:${checksum.toString('base64')}\r\n\r\n`,
    )
  })

  test('with its last bytes held back until it is finished', async () => {
    const { store, seen } = await scripted(() => undefined, {}, true)
    const payload = Buffer.alloc(0x20_000, 'payload ')
    const writer = await store.put(AT, PLAIN, payload.length, {})
    await writer.write([payload])
    const first = `20000\r\n${payload}`
    await expect.poll(() => seen[0]?.body.toString() === first, { timeout: 30_000 }).toBe(true)
    const cut = new Promise(resolve => seen[0]!.socket.once('close', resolve))
    writer.abort()
    await cut
    expect(seen[0]!.body.toString() === first).toBe(true)
  })

  test('not at all, where it is small and was given up', async () => {
    const { store, seen } = await scripted(() => answer(200, OBJECT))
    const writer = await store.put(AT, PLAIN, 7, {})
    await writer.write([Buffer.from('payload')])
    writer.abort()
    await store.head(AT, {})
    expect(seen.map(({ line }) => line)).toEqual([expect.stringMatching(/^HEAD /)])
  })
})

test('every request is signed so that a verifier of its own takes it', async () => {
  const { store, seen } = await scripted(({ line }) =>
    line.startsWith('PUT') && line.includes('copy') ? answer(200, {}, COPIED) : answer(200, OBJECT, '<R/>'),
  )
  const key = "ü/ +!'()*%2F\u0001"
  await put(store, { bucket: 'bucket', key }, Buffer.from('x'))
  await (
    await store.get({ bucket: 'bucket', key, versionId: 'v+/=' }, { suffix: 5 }, { ifMatch: 'e' })
  ).body.discard()
  await store.head({ bucket: 'bucket', key }, {})
  await store
    .list('bucket', { version: 2, limit: 10, prefix: 'ü +', delimiter: '/', token: 't/+=' })
    .catch(() => {})
  await store.copy({ bucket: 'bucket', key, versionId: 'v&' }, { bucket: 'bucket', key: 'copy' }, PLAIN, {
    ifMatch: 'e',
  })
  await store.deleteMany('bucket', [{ key: 'k' }], true)
  expect(seen).toHaveLength(6)
  for (const request of seen) await assertSigned(request)
})

test('a document carries digests of its own bytes', async () => {
  const { store, seen } = await scripted(() => answer(200))
  await store.putTags({ bucket: 'bucket', key: 'k' }, [{ key: 'a<', value: 'b&' }])
  const { headers, body } = seen[0]!
  expect(headers.get('content-md5')).toBe(createHash('md5').update(body).digest('base64'))
  expect(headers.get('x-amz-content-sha256')).toBe(hash('sha256', body, 'hex'))
  expect(body.toString()).toContain('<Key>a&#60;</Key><Value>b&#38;</Value>')
})

test('the source of a copy is encoded and pinned', async () => {
  const { store, seen } = await scripted(() => answer(200, {}, COPIED))
  const from = { bucket: 'bucket', key: 'ü ?/#', versionId: 'a/b' }
  await store.copy(from, { bucket: 'bucket', key: 'k' }, PLAIN, {
    ifMatch: 'e',
    destination: { ifNoneMatch: '*' },
  })
  const { headers } = seen[0]!
  expect(headers.get('x-amz-copy-source')).toBe('/bucket/%C3%BC%20%3F/%23?versionId=a%2Fb')
  expect(headers.get('x-amz-copy-source-if-match')).toBe('"e"')
  expect(headers.get('if-none-match')).toBe('*')
  expect(headers.get('x-amz-metadata-directive')).toBe('REPLACE')
})

test('names that XML cannot carry are deleted one by one', async () => {
  const { store, seen } = await scripted(({ line }) =>
    line.startsWith('POST')
      ? answer(200, {}, '<DeleteResult><Deleted><Key>plain</Key></Deleted></DeleteResult>')
      : answer(204),
  )
  const keys = ['plain', 'with \u0001', 'forgotten']
  const outcomes = await store.deleteMany(
    'bucket',
    keys.map(key => ({ key })),
    false,
  )
  expect(seen.map(({ line }) => line)).toEqual([
    'POST /bucket?delete= HTTP/1.1',
    'DELETE /bucket/with%20%01 HTTP/1.1',
  ])
  expect(outcomes).toEqual([
    { key: 'plain', deleteMarker: false },
    { key: 'with \u0001', deleteMarker: false },
    { key: 'forgotten', error: 'InternalError' },
  ])
})

test('another credential signs for itself', async () => {
  const { store, seen } = await scripted(() => answer(200, OBJECT))
  const other = store.as({ accessKeyId: 'OTHER', secretAccessKey: 'SK2', sessionToken: 'token' })
  await other.head(AT, {})
  await store.head(AT, {})
  expect(seen[0]!.headers.get('authorization')).toContain('Credential=OTHER/')
  expect(seen[0]!.headers.get('x-amz-security-token')).toBe('token')
  expect(seen[1]!.headers.get('authorization')).toContain('Credential=AK/')
  expect(seen[1]!.headers.has('x-amz-security-token')).toBe(false)
})

test('a condition that the store would not obey is refused before anything is sent', async () => {
  const { store, seen } = await scripted(() => answer(200, OBJECT), {
    findings: {
      ...WELL,
      conditions: { put: false, complete: false, delete: false, 'copy-source': false },
    },
  })
  const refused = { code: 'NotImplemented', status: 501 }
  await expect(store.put(AT, PLAIN, 1, { ifNoneMatch: '*' })).rejects.toMatchObject(refused)
  await expect(store.completeUpload(AT, 'u', [], { ifMatch: 'e' })).rejects.toMatchObject(refused)
  await expect(store.delete(AT, { ifMatch: 'e' })).rejects.toMatchObject(refused)
  await expect(
    store.deleteMany('bucket', [{ key: 'k', conditions: { ifMatch: 'e' } }], false),
  ).rejects.toMatchObject(refused)
  await expect(store.copy(AT, AT, PLAIN, { ifMatch: 'e' })).rejects.toMatchObject(refused)
  await expect(store.copyPart(AT, { first: 0, last: 1 }, AT, 'u', 1, 'e')).rejects.toMatchObject(refused)
  expect(seen).toEqual([])
  await store.delete(AT, { bypassGovernance: true })
})
