import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { gzipSync } from 'node:zlib'
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Answer, Attack } from './hostile-store.ts'
import { ask, signedHeaders } from './raw-client.ts'
import { expectRefused, read, startSetting } from './setting.ts'
import { takeOut } from './stored.ts'

/** The store answers what it should not: T10, T15, T24-T27 of docs/threat-model.md. */

const { application, hostile, operator, treuhand } = await startSetting()
const Bucket = 'hostile'
const SMALL = randomBytes(100_000)
const LARGE = randomBytes(3_000_000)

beforeAll(async () => {
  await application.send(new CreateBucketCommand({ Bucket }))
  await application.send(new PutObjectCommand({ Bucket, Key: 'small', Body: SMALL }))
  await application.send(new PutObjectCommand({ Bucket, Key: 'large', Body: LARGE }))
})
beforeEach(() => void hostile.asked())

/** The attack is over: the proxy serves as before. */
async function expectAlive(): Promise<void> {
  expect((await read(application, Bucket, 'small')).bytes.equals(SMALL)).toBe(true)
}

const saying = (status: number, headers: Record<string, string>, body: string | Buffer = ''): Attack => ({
  request: (): Answer => ({ status, headers, body: Buffer.from(body) }),
})
const error = (code: string) =>
  `<Error><Code>${code}</Code><Message>evil</Message><Endpoint>evil.example</Endpoint><Region>evil</Region><HostId>evil</HostId></Error>`

describe('T24: nothing that the store says leads a client around the proxy', () => {
  test.each([301, 302, 307, 308])('a redirect with %i', async status => {
    let lured = 0
    const lure = http.createServer((_, response) => response.end(`${++lured}`)).listen(0, '127.0.0.1')
    await once(lure, 'listening')
    onTestFinished(() => void lure.close())
    const location = `http://127.0.0.1:${(lure.address() as net.AddressInfo).port}/evil`
    const attack = saying(status, { location, 'x-amz-bucket-region': 'evil' }, error('PermanentRedirect'))
    for (const [method, path, body] of [
      ['GET', `/${Bucket}/small`],
      ['HEAD', `/${Bucket}/small`],
      ['PUT', `/${Bucket}/new`, 'plaintext'],
      ['DELETE', `/${Bucket}/small`],
      ['GET', `/${Bucket}`],
      ['HEAD', `/${Bucket}`],
    ] as const) {
      const answer = await hostile.attack(attack, () => ask(treuhand, method, path, body))
      expect(answer.status, `${method} ${path}`).toBe(503)
      expect(JSON.stringify([[...answer.headers], answer.text])).not.toMatch(/evil|location/i)
    }
    expect(lured).toBe(0)
    expect(treuhand.stderr()).toMatch(/"reason":"redirect"/)
    await expectAlive()
  })

  test.each([
    'PermanentRedirect',
    'TemporaryRedirect',
    'AuthorizationHeaderMalformed',
    'IllegalLocationConstraintException',
    'Evil',
  ])('the error %s', async code => {
    const attack = saying(
      400,
      { 'x-amz-bucket-region': 'evil', 'x-amz-id-2': 'evil', 'set-cookie': 'evil' },
      error(code),
    )
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await hostile.attack(attack, () =>
        ask(treuhand, method, `/${Bucket}/small`, method === 'PUT' ? 'x' : ''),
      )
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(JSON.stringify([[...answer.headers], answer.text])).not.toMatch(/evil/i)
      expect(answer.text).not.toContain(code)
    }
  })

  test('headers beside an object', async () => {
    const attack: Attack = {
      answer: (_, answer) => {
        for (const name of [
          'location',
          'refresh',
          'set-cookie',
          'x-evil',
          'x-amz-website-redirect-location',
          'x-amz-bucket-region',
        ])
          answer.headers[name] = 'evil'
      },
    }
    const { status, headers } = await hostile.attack(attack, () => ask(treuhand, 'GET', `/${Bucket}/small`))
    expect(status).toBe(200)
    expect(JSON.stringify([...headers])).not.toContain('evil')
  })
})

describe('T25: the store grants nothing', () => {
  test('a request without a signature is refused, whatever the store would say', async () => {
    const answer = await hostile.attack(saying(200, {}, 'open'), () =>
      fetch(`${treuhand.endpoint}/${Bucket}/small`),
    )
    expect(answer.status).toBe(403)
    expect(hostile.asked()).toEqual([])
  })

  test('CORS headers of the store do not pass', async () => {
    const attack: Attack = {
      answer: (_, { headers }) => {
        headers['access-control-allow-origin'] = '*'
        headers['access-control-expose-headers'] = '*'
      },
    }
    const { headers } = await hostile.attack(attack, () => ask(treuhand, 'GET', `/${Bucket}/small`))
    expect([...headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  })
})

describe('T15: nothing leaves before it is verified', () => {
  test('an object whose bytes change between its end and its beginning', async () => {
    let count = 0
    const attack: Attack = {
      answer: (asked, answer) => {
        if (asked.method === 'GET' && asked.target.includes('large') && answer.status < 300)
          answer.body[Math.min(answer.body.length - 1, count++ * 70_000)]! ^= 1
      },
    }
    for (let i = 0; i < 5; i++)
      expectRefused(await hostile.attack(attack, () => read(application, Bucket, 'large')), LARGE)
    await expectAlive()
  })

  test.each([0, 1, 65_535, 65_536, 1_000_000])('an object that is cut after %i bytes', async length => {
    const attack: Attack = {
      wire: (asked, socket) => {
        if (asked.method !== 'GET') return false
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\netag: "e"\r\nlast-modified: ${new Date().toUTCString()}\r\n\r\n${'x'.repeat(length)}`,
        )
        return true
      },
    }
    const got = await hostile.attack(attack, () => read(application, Bucket, 'large'))
    expect(got.error).toBeDefined()
    expect(got.bytes).toHaveLength(0)
    await expectAlive()
  })

  test('a range whose bytes are those of another range', async () => {
    const { bytes } = await takeOut(operator, Bucket, 'large')
    let swapped = 0
    const attack: Attack = {
      answer: (_, answer) => {
        if (answer.status !== 206 || !answer.headers['content-range']!.startsWith('bytes 9')) return
        answer.body = bytes.subarray(0, answer.body.length)
        swapped++
      },
    }
    const range = 'bytes=1000000-1000099'
    const honest = await read(application, Bucket, 'large', range)
    expect(honest.bytes.equals(LARGE.subarray(1_000_000, 1_000_100))).toBe(true)
    const got = await hostile.attack(attack, () => read(application, Bucket, 'large', range))
    expect(swapped).toBe(1)
    expect(got.bytes).toHaveLength(0)
    expect(got.error).toBeDefined()
  })
})

describe('T26: an upload that fails harms nothing', () => {
  test('a client that breaks off leaves what was there, and the store has no whole request', async () => {
    const cuts: Buffer[] = []
    const attack: Attack = { cut: async (_, __, body) => void cuts.push(body) }
    await hostile.attack(attack, async () => {
      const { hostname, port, host } = new URL(treuhand.endpoint)
      const headers = signedHeaders(treuhand, 'PUT', `/${Bucket}/small`, 'UNSIGNED-PAYLOAD')
      const lines = Object.entries({ host, 'content-length': '2000000', ...headers }).map(
        ([n, v]) => `${n}: ${v}\r\n`,
      )
      const socket = net.connect(Number(port), hostname)
      socket.write(`PUT /${Bucket}/small HTTP/1.1\r\n${lines.join('')}\r\n`)
      socket.end(randomBytes(1_500_000))
      socket.resume()
      await expect.poll(() => cuts.length, { timeout: 30_000 }).toBe(1)
    })
    expect(cuts[0]!.subarray(-100).toString('latin1')).not.toContain('x-amz-checksum-crc32')
    await expectAlive()
  })

  test('a digest that is wrong leaves what was there', async () => {
    const attack: Attack = { cut: async () => {} }
    const answer = await hostile.attack(attack, async () => {
      const headers = signedHeaders(treuhand, 'PUT', `/${Bucket}/small`, '0'.repeat(64))
      return fetch(`${treuhand.endpoint}/${Bucket}/small`, {
        method: 'PUT',
        headers,
        body: randomBytes(500_000),
      })
    })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('XAmzContentSHA256Mismatch')
    await expectAlive()
  })
})

describe('T10, T27: a hostile listing', () => {
  const page = (content: string) =>
    `<ListBucketResult><IsTruncated>false</IsTruncated>${content}</ListBucketResult>`
  const entry =
    '<Contents><Key>invented</Key><LastModified>2026-11-24T08:00:00Z</LastModified><ETag>e</ETag><Size>100</Size></Contents>'
  const bomb = `<!DOCTYPE b [<!ENTITY a "${'x'.repeat(1000)}">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "&a${i || ''};&a${i || ''};">`).join('')}]>`

  test.each([
    ['with a document type', bomb + page(entry)],
    ['with an external entity', `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${page('&b;')}`],
    ['of endless depth', '<a>'.repeat(500_000)],
    ['of a million elements', page('<x/>'.repeat(500_000))],
    ['of more than any listing has', ' '.repeat(10_000_000)],
    ['with sizes that are none', page(entry.replace('100', '-1'))],
    ['that is no XML', 'evil'],
  ])('%s', async (_, body) => {
    const { status, text } = await hostile.attack(saying(200, {}, body), () =>
      ask(treuhand, 'GET', `/${Bucket}`),
    )
    expect(status).toBe(503)
    expect(text).not.toMatch(/evil|root:|invented/)
    await expectAlive()
  })

  test('that is compressed', async () => {
    const attack = saying(200, { 'content-encoding': 'gzip' }, gzipSync(page(entry)))
    expect((await hostile.attack(attack, () => ask(treuhand, 'GET', `/${Bucket}`))).status).toBe(503)
  })

  test('that never ends', async () => {
    const attack: Attack = {
      wire: (_, socket) => {
        const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
        const more = () => {
          while (!socket.destroyed && socket.write(chunk));
        }
        socket.on('error', () => {})
        socket.on('drain', more).write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        more()
        return true
      },
    }
    expect((await hostile.attack(attack, () => ask(treuhand, 'GET', `/${Bucket}`))).status).toBe(503)
    await expectAlive()
  })

  test('with invented objects: they are listed, and do not open', async () => {
    const listed = await hostile.attack(saying(200, {}, page(entry)), () =>
      application.send(new ListObjectsV2Command({ Bucket })),
    )
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['invented'])
    const { bytes, error } = await read(application, Bucket, 'invented')
    expect(bytes).toHaveLength(0)
    expect(error?.name).toBe('NoSuchKey')
  })
})
