import { afterEach, describe, expect, it } from 'vitest'
import { type Ask, Origin } from '../../src/wire/client.ts'
import type { Handler } from '../../src/wire/exchange.ts'
import { type Server, serve } from '../../src/wire/server.ts'
import { collect, refuse } from './harness.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function pair(reading: 'direct' | 'copied', handler: Handler): Promise<Origin> {
  const server: Server = await serve({ listen: { port: 0, host: '127.0.0.1' }, handler, refuse, reading })
  open.push({ close: () => server.close(100) })
  const origin = new Origin({ host: '127.0.0.1', port: server.address.port })
  open.push(origin)
  return origin
}

const ask = (method: string, target: string): Ask => ({ method, target, fields: [['x-test', 'yes']] })
const pattern = (length: number) => Buffer.alloc(length, 'every byte has its place. ')

describe.each(['direct', 'copied'] as const)('a server that reads the %s way', reading => {
  it('gives the handler what the client said, and the client what the handler said', async () => {
    const origin = await pair(reading, async (request, reply) => {
      expect([request.method, request.target, request.headers.get('x-test')]).toEqual([
        'GET',
        '/a%20b?c=d',
        'yes',
      ])
      await reply.send(200, [['x-answer', 'one']], Buffer.from('hello'))
    })
    for (let round = 0; round < 3; round++) {
      const response = await origin.request(ask('GET', '/a%20b?c=d'))
      expect(response.status).toBe(200)
      expect(response.headers.get('x-answer')).toBe('one')
      expect((await response.collect(100)).toString()).toBe('hello')
    }
  })

  it.each([0, 1, 4096, 100_000, 5_000_001])('carries a body of %i bytes up and down', async length => {
    let kept: Buffer = Buffer.alloc(0)
    const origin = await pair(reading, async (request, reply) => {
      if (request.method === 'PUT') {
        kept = await collect(request.body)
        await reply.send(200, [], Buffer.alloc(0))
      } else {
        const body = reply.stream(200, [], kept.length)
        for (let at = 0; at < kept.length; at += 65_536) await body.write([kept.subarray(at, at + 65_536)])
        await body.end()
      }
    })
    const sent = pattern(length)
    for (let round = 0; round < 2; round++) {
      const upload = await origin.upload(ask('PUT', '/o'), length)
      for (let at = 0; at < length; at += 70_000) await upload.write([sent.subarray(at, at + 70_000)])
      expect((await upload.finish()).status).toBe(200)
      expect(kept.equals(sent)).toBe(true)
      const response = await origin.request(ask('GET', '/o'))
      expect((await collect(response.body!)).equals(sent)).toBe(true)
    }
  })

  it('collects a chunked answer', async () => {
    const origin = await pair(reading, async (_request, reply) => {
      const body = reply.streamChunked(200, [])
      for (const word of ['one', ' ', 'two']) await body.write([Buffer.from(word)])
      await body.end()
    })
    for (let round = 0; round < 3; round++) {
      const response = await origin.request(ask('GET', '/'))
      expect((await response.collect(100)).toString()).toBe('one two')
    }
  })
})
