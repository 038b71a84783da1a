import { describe, expect, it } from 'vitest'
import type { Ask } from '../../src/wire/client.ts'
import { client, collect, start, WAYS } from './harness.ts'

const ask = (method: string, target: string): Ask => ({ method, target, fields: [['x-test', 'yes']] })
const pattern = (length: number) => Buffer.alloc(length, 'every byte has its place. ')

describe.each(WAYS)('server and client, %s', way => {
  it('give the handler what the client said, and the client what the handler said', async () => {
    const server = await start(way, async (request, reply) => {
      const fields = ['method', 'target', 'remoteAddress', 'secure'] as const
      const said = [
        ...fields.map(name => request[name]),
        request.headers.get('x-test'),
        request.headers.get('host'),
      ]
      await reply.send(200, [['x-answer', 'one']], Buffer.from(said.join(' ')))
    })
    const origin = client(way, server.address.port)
    for (let round = 0; round < 3; round++) {
      const response = await origin.request(ask('GET', '/a%20b?c=d'))
      expect([response.status, response.headers.get('x-answer')]).toEqual([200, 'one'])
      const said = `GET /a%20b?c=d 127.0.0.1 ${way === 'tls'} yes ${origin.host}`
      expect((await response.collect(1000)).toString()).toBe(said)
    }
    expect(server.connections).toBe(1)
  })

  it.each([0, 1, 4096, 65_536, 100_000, 5_000_001])(
    'carry a body of %i bytes up and down, twice on one connection',
    async length => {
      let kept: Buffer = Buffer.alloc(0)
      const server = await start(way, async (request, reply) => {
        if (request.method === 'PUT') {
          kept = await collect(request.body)
          await reply.send(200, [], Buffer.alloc(0))
        } else {
          const body = reply.stream(200, [], kept.length)
          for (let at = 0; at < kept.length; at += 65_536)
            await body.write([kept.subarray(at, at + 100), kept.subarray(at + 100, at + 65_536)])
          await body.end()
        }
      })
      const origin = client(way, server.address.port)
      const sent = pattern(length)
      for (let round = 0; round < 2; round++) {
        const upload = await origin.upload(ask('PUT', '/o'), length)
        for (let at = 0; at < length; at += 70_000) await upload.write([sent.subarray(at, at + 70_000)])
        const stored = await upload.finish()
        expect(stored.status).toBe(200)
        await stored.collect(0)
        expect(kept.equals(sent)).toBe(true)
        const response = await origin.request(ask('GET', '/o'))
        expect((await collect(response.body!, 30_000)).equals(sent)).toBe(true)
      }
      expect(server.connections).toBe(1)
    },
  )

  it('carry a small body with its head', async () => {
    const server = await start(way, async (request, reply) =>
      reply.send(200, [], await collect(request.body)),
    )
    const response = await client(way, server.address.port).request(
      ask('POST', '/'),
      Buffer.from('all at once'),
    )
    expect((await response.collect(100)).toString()).toBe('all at once')
  })

  it('carry an answer in chunks, and use the connection again', async () => {
    const server = await start(way, async (_request, reply) => {
      const body = reply.streamChunked(200, [])
      for (const word of ['one', ' ', '', 'two']) await body.write([Buffer.from(word)])
      await body.end()
    })
    const origin = client(way, server.address.port)
    for (let round = 0; round < 3; round++) {
      const response = await origin.request(ask('GET', '/'))
      expect(response.body).toBeUndefined()
      expect((await response.collect(100)).toString()).toBe('one two')
    }
    expect(server.connections).toBe(1)
  })

  it('hold a fast sender back for a slow taker, both ways', async () => {
    const length = 30_000_000
    const piece = pattern(1_000_000)
    let taken = 0
    const pause = () => new Promise<void>(resolve => setImmediate(resolve))
    const server = await start(way, async (request, reply) => {
      const got = await collect(request.body, 100_000, () => {
        taken += 1
        return pause()
      })
      const body = reply.stream(200, [], got.length)
      for (let at = 0; at < got.length; at += 1_000_000) await body.write([got.subarray(at, at + 1_000_000)])
      await body.end()
    })
    const upload = await client(way, server.address.port).upload(ask('PUT', '/'), length)
    for (let at = 0; at < length; at += piece.length) await upload.write([piece])
    const back = await collect((await upload.finish()).body!, 100_000, pause)
    expect(taken).toBeGreaterThanOrEqual(300)
    for (let at = 0; at < length; at += piece.length)
      expect(back.subarray(at, at + piece.length).equals(piece)).toBe(true)
  })
})
