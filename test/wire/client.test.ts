import { describe, expect, it } from 'vitest'
import { type Ask, Origin, type Upload } from '../../src/wire/client.ts'
import { client, collect, HandServer, start, type Talk, until, WAYS } from './harness.ts'

const GET: Ask = { method: 'GET', target: '/o', fields: [] }
const PUT: Ask = { method: 'PUT', target: '/o', fields: [] }
const head = /^[A-Z]+ \S+ HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n/
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A body that no client holds until it is whole. */
const LARGE = Buffer.from(`${'x'.repeat(100_000)} the end`)

/** A client and the server behind it, which the test plays by hand. */
async function pair(
  limits: ConstructorParameters<typeof Origin>[0]['limits'] = {},
): Promise<{ origin: Origin; server: HandServer }> {
  const server = await HandServer.listen()
  return { origin: client('direct', server.port, { idle: 600_000, ...limits }), server }
}

/** One request that is answered with `answer`, and the connection it took. */
async function answered(origin: Origin, server: HandServer, answer: string, ask = GET) {
  const response = origin.request(ask)
  const talk = await server.next()
  await talk.hear(head)
  talk.say(answer)
  return { response: await response, talk }
}

/** Leaves a connection at rest. */
async function rested(origin: Origin, server: HandServer): Promise<Talk> {
  const { response, talk } = await answered(origin, server, ok)
  await response.collect(2)
  return talk
}

/** Writes until the upload fails, and gives the failure. */
async function untilRefused(upload: Upload, piece = Buffer.alloc(1024 * 1024)): Promise<unknown> {
  try {
    for (;;) await upload.write([piece])
  } catch (error) {
    return error
  }
}

describe('a request', () => {
  it('is written with one host, its fields and the length of its body', async () => {
    const { origin, server } = await pair()
    void origin
      .request(
        {
          method: 'POST',
          target: '/a?b',
          fields: [
            ['x-a', '1'],
            ['x-a', '2'],
          ],
        },
        Buffer.from('body'),
      )
      .catch(() => {})
    expect(await (await server.next()).hear(/body/)).toBe(
      `POST /a?b HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nx-a: 1\r\nx-a: 2\r\ncontent-length: 4\r\n\r\nbody`,
    )
  })

  it.each([
    ['a split field', { ...GET, fields: [['x', 'a\r\nb: c']] }],
    ['a field of the framing', { ...GET, fields: [['transfer-encoding', 'chunked']] }],
    ['a target with a space', { ...GET, target: '/a b' }],
    ['a target with a line end', { ...GET, target: '/a\r\n' }],
    ['a method with a space', { ...GET, method: 'GET /' }],
  ] as [string, Ask][])('is not written with %s', async (_what, ask) => {
    const { origin } = await pair()
    await expect(origin.request(ask)).rejects.toThrow(TypeError)
    await expect(origin.upload(ask, 5)).rejects.toThrow(TypeError)
  })

  it('names the host as a signature has it: without the port of its scheme, an IPv6 address in brackets', () => {
    expect(new Origin({ host: 's3.test', port: 80 }).host).toBe('s3.test')
    expect(new Origin({ host: 's3.test', port: 443, tls: {} }).host).toBe('s3.test')
    expect(new Origin({ host: '::1', port: 443 }).host).toBe('[::1]:443')
  })

  it('fails as unreachable where nobody listens', async () => {
    const server = await start('direct', async () => {})
    await server.close(0)
    await expect(client('direct', server.address.port).request(GET)).rejects.toMatchObject({
      code: 'unreachable',
    })
  })

  it('fails as unreachable where the certificate is not trusted', async () => {
    const server = await start('tls', async () => {})
    const origin = new Origin({
      host: '127.0.0.1',
      port: server.address.port,
      tls: { servername: 'localhost' },
    })
    await expect(origin.request(GET)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('fails as unreachable where a TLS greeting is never answered', async () => {
    const server = await HandServer.listen()
    const origin = new Origin({ host: '127.0.0.1', port: server.port, tls: {}, limits: { connect: 50 } })
    await expect(origin.request(GET)).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('fails when its client is closed', async () => {
    const { origin, server } = await pair()
    const request = origin.request(GET)
    request.catch(() => {})
    await (await server.next()).hear(head)
    origin.close()
    await expect(request).rejects.toMatchObject({ code: 'aborted' })
    await expect(origin.request(GET)).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('an answer', () => {
  it('is read however it is split', async () => {
    const { origin, server } = await pair()
    const answer = 'HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello'
    let talk: Talk | undefined
    for (let cut = 1; cut < answer.length; cut++) {
      const response = origin.request(GET)
      talk ??= await server.next()
      await talk.hear(head)
      talk.say(answer.slice(0, cut))
      await new Promise(resolve => setTimeout(resolve, 1))
      talk.say(answer.slice(cut))
      expect((await (await response).collect(5)).toString()).toBe('hello')
    }
  })

  it('in chunks is read however it is split, extensions and trailers aside', async () => {
    const { origin, server } = await pair()
    const answer =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1 \r\n!\r\n0\r\nX-T: u\r\n\r\n'
    let talk: Talk | undefined
    for (let cut = 1; cut < answer.length; cut++) {
      const response = origin.request(GET)
      talk ??= await server.next()
      await talk.hear(head)
      talk.say(answer.slice(0, cut))
      await new Promise(resolve => setTimeout(resolve, 1))
      talk.say(answer.slice(cut))
      expect((await (await response).collect(6)).toString()).toBe('hello!')
    }
  })

  it('is waited for through 1xx answers, but not for ever', async () => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(
      origin,
      server,
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n${ok}`,
    )
    expect((await response.collect(2)).toString()).toBe('ok')
    const flooded = origin.request(GET)
    await talk.hear(head)
    talk.say('HTTP/1.1 100 Continue\r\n\r\n'.repeat(20))
    await expect(flooded).rejects.toMatchObject({ code: 'malformed-answer' })
  })

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\nbody to the end'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
    ['a head of 64 KiB', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`],
    ['10,000 fields', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}Content-Length: 0\r\n\r\n`],
  ])('is refused for %s', async (_what, text) => {
    const { origin, server } = await pair()
    await expect(answered(origin, server, text)).rejects.toMatchObject({ code: 'malformed-answer' })
  })

  it.each([
    ['no size', 'x\r\n'],
    ['a negative size', '-1\r\n'],
    ['a bare LF', '5\nhello\r\n'],
    ['a chunk that is longer than its size', '4\r\nhello\r\n0\r\n\r\n'],
    ['an endless size', `${'0'.repeat(1000)}`],
    ['endless trailers', `0\r\n${'x: y\r\n'.repeat(2000)}`],
  ])('in chunks is refused for %s', async (_what, chunks) => {
    const { origin, server } = await pair()
    const { response } = await answered(
      origin,
      server,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    )
    await expect(response.collect(1000)).rejects.toMatchObject({ code: 'malformed-answer' })
  })

  it.each([
    ['by its length', 'Content-Length: 1001\r\n\r\n'],
    ['by its chunks', `Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`],
  ])('is collected up to a cap %s', async (_how, rest) => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(origin, server, `HTTP/1.1 200 OK\r\n${rest}`)
    await expect(response.collect(1000)).rejects.toMatchObject({ code: 'answer-too-large' })
    await talk.hearAll()
  })

  it('that redirects is an answer like any other', async () => {
    const { origin, server } = await pair()
    const { response } = await answered(
      origin,
      server,
      'HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    )
    expect(response.status).toBe(307)
  })

  it('has no body for HEAD, and with 204 and 304', async () => {
    const { origin, server } = await pair()
    const heads = [
      'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n',
    ]
    let talk: Talk | undefined
    for (const [at, text] of heads.entries()) {
      const response = origin.request({ ...GET, method: at === 0 ? 'HEAD' : 'GET' })
      talk ??= await server.next()
      await talk.hear(head)
      talk.say(text)
      expect((await response).body?.length).toBe(0)
    }
  })

  it.each(['FIN', 'RST'])('that ends early by a %s is cut, not whole', async how => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(
      origin,
      server,
      'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbeginning',
    )
    if (how === 'FIN') talk.socket.end()
    else setTimeout(() => talk.socket.resetAndDestroy(), 5)
    await expect(collect(response.body!)).rejects.toMatchObject({ name: 'BodyCut' })
  })

  it('in chunks that end early is cut, not whole', async () => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(
      origin,
      server,
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    )
    talk.socket.end()
    await expect(response.collect(1000)).rejects.toMatchObject({ name: 'BodyCut' })
  })

  it('that does not come is given up', async () => {
    const { origin, server } = await pair({ answer: 50 })
    const silent = origin.request(GET)
    silent.catch(() => {})
    const talk = await server.next()
    await expect(silent).rejects.toMatchObject({ code: 'stalled' })
    await talk.hearAll()
  })

  it('whose head does not end is given up', async () => {
    const { origin, server } = await pair({ head: 50 })
    await expect(answered(origin, server, 'HTTP/1.1 200 OK\r\nX:')).rejects.toMatchObject({ code: 'stalled' })
  })

  it('whose body does not go on is given up', async () => {
    const { origin, server } = await pair({ body: 50 })
    const { response } = await answered(origin, server, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin')
    await expect(collect(response.body!)).rejects.toMatchObject({ name: 'BodyCut' })
  })

  it('whose body nobody reads gives its connection back to the system', async () => {
    const { origin, server } = await pair({ body: 50 })
    const { response, talk } = await answered(
      origin,
      server,
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin',
    )
    await talk.hearAll()
    await expect(collect(response.body!)).rejects.toMatchObject({ name: 'BodyCut' })
  })

  it('that is discarded closes its connection', async () => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(
      origin,
      server,
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin',
    )
    response.discard()
    await talk.hearAll()
    const { talk: other } = await answered(origin, server, ok)
    expect(other).not.toBe(talk)
  })

  it('closes its connection where its sink fails', async () => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(
      origin,
      server,
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin',
    )
    const failing = { space: () => Buffer.alloc(9), filled: () => Promise.reject(new Error('does not open')) }
    await expect(response.body!.readInto(failing)).rejects.toThrow('does not open')
    await talk.hearAll()
  })
})

describe('a connection at rest', () => {
  it('serves the next request', async () => {
    const { origin, server } = await pair()
    const talk = await rested(origin, server)
    const response = origin.request(GET)
    await talk.hear(head)
    talk.say(ok)
    expect((await response).status).toBe(200)
  })

  it.each(['FIN', 'RST'])('is dropped as soon as its peer says %s', async how => {
    const { origin, server } = await pair()
    const talk = await rested(origin, server)
    if (how === 'FIN') talk.socket.end()
    else talk.socket.resetAndDestroy()
    await until(() => origin.connections === 0)
    await rested(origin, server)
  })

  it.each(['GET', 'HEAD', 'DELETE', 'PUT'])('that breaks under a %s is replaced once', async method => {
    const { origin, server } = await pair()
    const first = await rested(origin, server)
    const response = origin.request({ ...GET, method })
    await first.hear(head)
    first.socket.destroy()
    const second = await server.next()
    await second.hear(head)
    second.say(ok)
    expect((await response).status).toBe(200)
  })

  it('that breaks is replaced once, not twice', async () => {
    const { origin, server } = await pair()
    const first = await rested(origin, server)
    const response = origin.request(GET)
    response.catch(() => {})
    await first.hear(head)
    first.socket.destroy()
    const second = await server.next()
    await second.hear(head)
    second.socket.destroy()
    await expect(response).rejects.toMatchObject({ code: 'lost' })
  })

  it('that breaks under a small upload is replaced once, and the body sent again', async () => {
    const { origin, server } = await pair()
    const first = await rested(origin, server)
    const upload = await origin.upload(PUT, 11)
    const sent = Buffer.from('hello ')
    upload.write([sent, Buffer.from('wor')])
    sent.fill(0)
    upload.write([Buffer.from('ld')])
    const response = upload.finish()
    await first.hear(/hello world/)
    first.socket.destroy()
    const second = await server.next()
    await second.hear(/content-length: 11\r\n\r\nhello world/)
    second.say(ok)
    expect((await response).status).toBe(200)
  })

  it.each(['FIN', 'RST'])(
    'that says %s to a large upload has seen nothing of it; it is replaced',
    async how => {
      const { origin, server } = await pair()
      const first = await rested(origin, server)
      const beginning = origin.upload(PUT, LARGE.length)
      expect(await first.hear(head)).toContain('expect: 100-continue')
      if (how === 'FIN') first.socket.end()
      else first.socket.resetAndDestroy()
      const upload = await beginning
      void upload.write([LARGE])
      const response = upload.finish()
      const second = await server.next()
      expect(await second.hear(head)).not.toContain('expect')
      await second.hear(/the end/)
      second.say(ok)
      expect((await response).status).toBe(200)
      if (how === 'FIN') expect(await first.hearAll()).toBe('')
    },
  )

  it('takes a large upload when its peer asks for the body', async () => {
    const { origin, server } = await pair()
    const talk = await rested(origin, server)
    const beginning = origin.upload(PUT, LARGE.length)
    await talk.hear(head)
    talk.say('HTTP/1.1 100 Continue\r\n\r\n')
    const upload = await beginning
    void upload.write([LARGE])
    const response = upload.finish()
    await talk.hear(/the end/)
    talk.say(ok)
    expect((await response).status).toBe(200)
  })

  it('gives the answer of a peer that does not want a large upload', async () => {
    const { origin, server } = await pair()
    const talk = await rested(origin, server)
    const beginning = origin.upload(PUT, LARGE.length)
    await talk.hear(head)
    talk.say('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    const upload = await beginning
    expect(await untilRefused(upload, Buffer.alloc(1000))).toMatchObject({ name: 'AnsweredEarly' })
    expect((await upload.finish()).status).toBe(403)
  })

  it('is not asked twice to ask for bodies: a peer that is silent gets them, and new connections from then on', async () => {
    const { origin, server } = await pair()
    const first = await rested(origin, server)
    const beginning = origin.upload(PUT, LARGE.length)
    await first.hear(head)
    const upload = await beginning
    void upload.write([LARGE])
    const response = upload.finish()
    await first.hear(/the end/)
    first.say(ok)
    await (await response).collect(2)
    const another = await origin.upload(PUT, LARGE.length)
    void another.write([LARGE])
    expect(await (await server.next()).hear(head)).not.toContain('expect')
    another.abort()
  })

  it.each([
    ['a POST', { ...GET, method: 'POST' }, ''],
    [
      'a body on a condition, which the first may have met',
      { ...PUT, fields: [['if-none-match', '*']] },
      'body',
    ],
  ] as [string, Ask, string][])('that breaks is not replaced under %s', async (_what, ask, body) => {
    const { origin, server } = await pair()
    const talk = await rested(origin, server)
    const response = origin.request(ask, Buffer.from(body))
    response.catch(() => {})
    await talk.hear(head)
    talk.socket.destroy()
    await expect(response).rejects.toMatchObject({ code: 'lost' })
  })

  it('is not used after its peer spoke out of turn', async () => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(
      origin,
      server,
      `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    )
    expect((await response.collect(2)).toString()).toBe('ok')
    const next = origin.request(GET)
    const other = await server.next()
    await other.hear(head)
    other.say(ok)
    expect((await (await next).collect(2)).toString()).toBe('ok')
    await talk.hearAll()
  })

  it.each(['HTTP/1.1 200 OK\r\nConnection: close', 'HTTP/1.0 200 OK'])('is none after %j', async line => {
    const { origin, server } = await pair()
    const { response, talk } = await answered(origin, server, `${line}\r\nContent-Length: 2\r\n\r\nok`)
    await response.collect(2)
    await talk.hearAll()
    await until(() => origin.connections === 0)
  })

  it('is closed when nobody uses it', async () => {
    const { origin, server } = await pair({ idle: 50 })
    const talk = await rested(origin, server)
    await talk.hearAll()
    await until(() => origin.connections === 0)
  })
})

describe('an upload', () => {
  it('stops where the peer answers early, and gives the answer', async () => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, 1e12)
    const refused = untilRefused(upload)
    const talk = await server.next()
    await talk.hear(head)
    talk.socket.pause()
    talk.say('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    expect(await refused).toMatchObject({ name: 'AnsweredEarly' })
    const response = await upload.finish()
    expect([response.status, (await response.collect(10)).toString()]).toEqual([403, 'no'])
    await until(() => origin.connections === 0)
  })

  it('stops where an early answer has no body', async () => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, 1e12)
    const refused = untilRefused(upload)
    const talk = await server.next()
    await talk.hear(head)
    talk.say('HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n')
    expect(await refused).toMatchObject({ name: 'AnsweredEarly' })
    expect((await upload.finish()).status).toBe(503)
  })

  it('does not believe a success that comes before its end', async () => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, 1e12)
    const refused = untilRefused(upload)
    const talk = await server.next()
    await talk.hear(head)
    talk.say(ok)
    expect(await refused).toMatchObject({ name: 'AnsweredEarly' })
    await expect(upload.finish()).rejects.toMatchObject({ code: 'malformed-answer' })
  })

  it('that is given up is reset, so that the peer cannot take it for whole', async () => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, LARGE.length)
    await upload.write([Buffer.from('half ')])
    const talk = await server.next()
    await talk.hear(/half /)
    const reset = new Promise<unknown>(resolve => talk.socket.on('error', resolve))
    upload.abort()
    expect(await reset).toMatchObject({ code: 'ECONNRESET' })
  })

  it.each([
    ['fewer', 5],
    ['more', 12],
  ])('of %s bytes than a small one announced is not sent', async (_what, length) => {
    const { origin } = await pair()
    const upload = await origin.upload(PUT, 10)
    const end = (async () => {
      await upload.write([Buffer.alloc(length)])
      await upload.finish()
    })()
    await expect(end).rejects.toThrow(RangeError)
    expect(origin.connections).toBe(0)
  })

  it.each([
    ['fewer', 50_000],
    ['more', 120_000],
  ])('of %s bytes than it announced is reset', async (_what, length) => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, LARGE.length)
    const end = (async () => {
      await upload.write([Buffer.alloc(length)])
      await upload.finish()
    })()
    await expect(end).rejects.toThrow(RangeError)
    await (await server.next()).hearAll()
    await until(() => origin.connections === 0)
  })

  it('whose peer goes away fails', async () => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, 1e12)
    const refused = untilRefused(upload)
    const talk = await server.next()
    await talk.hear(head)
    talk.socket.resetAndDestroy()
    expect(await refused).toMatchObject({ name: 'PeerFailed', code: 'lost' })
    await expect(upload.finish()).rejects.toMatchObject({ code: 'lost' })
  })

  it('whose peer takes nothing fails', async () => {
    const { origin, server } = await pair({ stall: 100 })
    const upload = await origin.upload(PUT, 1e12)
    const refused = untilRefused(upload)
    const talk = await server.next()
    talk.socket.pause()
    expect(await refused).toMatchObject({ name: 'PeerFailed', code: 'stalled' })
  })

  it('that is whole waits for its answer, and no longer than allowed', async () => {
    const { origin, server } = await pair({ answer: 50 })
    const upload = await origin.upload(PUT, LARGE.length)
    await upload.write([LARGE])
    await (await server.next()).hear(/the end/)
    await expect(upload.finish()).rejects.toMatchObject({ code: 'stalled' })
  })

  it('of nothing sends its head', async () => {
    const { origin, server } = await pair()
    const upload = await origin.upload(PUT, 0)
    const response = upload.finish()
    const talk = await server.next()
    expect(await talk.hear(head)).toContain('content-length: 0')
    talk.say(ok)
    expect((await response).status).toBe(200)
  })
})

describe.each(WAYS)('many at once, %s', way => {
  it('get each the answer to their own question', async () => {
    const server = await start(way, async (request, reply) => {
      const body = await collect(request.body, 1000)
      await reply.send(200, [], Buffer.from(`${request.target} ${body}`))
    })
    const origin = client(way, server.address.port)
    const ask = async (at: number) => {
      const response = await origin.request(
        { method: 'POST', target: `/${at}`, fields: [] },
        Buffer.alloc(at * 37, `${at} `),
      )
      expect((await response.collect(1e6)).toString()).toBe(`/${at} ${Buffer.alloc(at * 37, `${at} `)}`)
    }
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 20 }, (_, at) => ask(at)))
    expect(server.connections).toBeLessThanOrEqual(20)
  })
})
