import { describe, expect, it } from 'vitest'
import { BodyCut, type Sink } from '../../src/wire/body.ts'
import { PeerFailed } from '../../src/wire/errors.ts'
import type { Handler, Request } from '../../src/wire/exchange.ts'
import { serve } from '../../src/wire/server.ts'
import { collect, dial, refuse, start, type Talk, until, WAYS } from './harness.ts'
import { get, REFUSED } from './refused-heads.ts'

const NOTHING = new Uint8Array(0)
const answer = /HTTP\/1\.1 (\d+) [\s\S]*?\r\n\r\n/

/** Says what it was asked, body and all. */
const echo: Handler = async (request, reply) => {
  const body = await collect(request.body)
  await reply.send(200, [], Buffer.from(`${request.method} ${request.target} ${body}`))
}

/** Waits until the events at hand have happened, so that what was said arrives apart from what follows. */
const pause = () => new Promise<void>(resolve => setTimeout(resolve, 1))

/** A promise, and the handler's view of what failed. */
function witness<T>() {
  const { promise, resolve } = Promise.withResolvers<T>()
  return { seen: promise, tell: resolve }
}

describe.each(WAYS)('a server read the %s way', way => {
  it('reads a request split at any byte', async () => {
    const server = await start(way, echo)
    const talk = await dial(way, server.address.port)
    const request = 'PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello'
    for (let cut = 1; cut < request.length; cut++) {
      talk.say(request.slice(0, cut))
      await pause()
      talk.say(request.slice(cut))
      expect(await talk.hear(/PUT \/a hello/)).toContain('200 OK')
    }
  })

  it('reads a request that comes byte by byte', async () => {
    const server = await start(way, echo)
    const talk = await dial(way, server.address.port)
    for (const byte of 'PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello') {
      talk.say(byte)
      await pause()
    }
    await talk.hear(/PUT \/a hello/)
  })

  it.each([7, 200])(
    'decodes a body in chunks, %i bytes at once, split at any byte, and keeps what is pipelined behind it',
    async size => {
      const server = await start(way, async (request, reply) => {
        if (request.method === 'GET') return echo(request, reply)
        expect(request.body.length).toBeUndefined()
        const memory = Buffer.alloc(size)
        let text = ''
        const sink: Sink = {
          space: () => memory,
          filled: length => {
            text += memory.toString('latin1', 0, length)
            // A sealer does as much.
            memory.fill('#')
            return text.length % 2 === 0 ? pause() : undefined
          },
        }
        await request.body.readInto(sink)
        await reply.send(200, [], Buffer.from(`got ${text}`))
      })
      const talk = await dial(way, server.address.port)
      const request =
        'PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n8 \r\n, world!\r\n0\r\nT: u\r\n\r\n'
      const behind = get().replace('/a', '/behind')
      for (let cut = 1; cut <= request.length + 5; cut++) {
        talk.say((request + behind).slice(0, cut))
        await pause()
        talk.say((request + behind).slice(cut))
        await talk.hear(/got hello, world!/)
        await talk.hear(/GET \/behind /)
      }
    },
  )

  it.each([
    ['no size', 'x\r\n'],
    ['no size at all', '\r\n0\r\n\r\n'],
    ['a negative size', '-1\r\n'],
    ['a size in C', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a size that no number holds', '10000000000000000\r\n'],
    ['an endless size', '0'.repeat(1000)],
    ['an endless extension', `5;${'x'.repeat(1000)}`],
    ['a size with a bare LF', '5\nhello'],
    ['a size with a bare CR', '5\rhello'],
    ['an extension with a bare LF', '5;\nhello\r\n0\r\n\r\n'],
    ['a chunk longer than its size', '4\r\nhello\r\n0\r\n\r\n'],
    ['a chunk that ends with a bare LF', '5\r\nhello\n0\r\n\r\n'],
    ['a trailer with a bare LF', '0\r\nx: y\n\r\n'],
    ['endless trailers', `0\r\n${'x: y\r\n'.repeat(2000)}`],
  ])('tells the reader of a body in chunks with %s, and closes after its answer', async (_what, chunks) => {
    const { seen, tell } = witness<unknown>()
    const server = await start(way, async (request, reply) => {
      await request.body.readInto({ space: () => Buffer.alloc(100), filled: () => undefined }).catch(tell)
      await reply.send(400, [], NOTHING)
    })
    const talk = await dial(way, server.address.port)
    talk.say(`PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}${get()}`)
    expect(await talk.hearAll()).toMatch(/^HTTP\/1\.1 400 [\s\S]*connection: close\r\n\r\n$/)
    expect(await seen).toMatchObject({ name: 'BodyCut', code: 'framing' })
  })

  it('tells the reader of a body in chunks that ends early, wherever that is', async () => {
    const failures: unknown[] = []
    const server = await start(way, async request => {
      await collect(request.body).catch(error => failures.push(error))
    })
    const chunks = '5\r\nhello\r\n0\r\nx: y\r\n\r\n'
    for (let cut = 0; cut < chunks.length; cut++) {
      const talk = await dial(way, server.address.port)
      talk.say(`PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.slice(0, cut)}`)
      talk.socket.end()
      await talk.hearAll()
      await until(() => failures.length === cut + 1)
      expect(failures[cut]).toMatchObject({ name: 'BodyCut', code: 'ended' })
    }
  })

  it('closes after an answer to a request in chunks that were not read', async () => {
    const targets: string[] = []
    const server = await start(way, async (request, reply) => {
      targets.push(request.target)
      await reply.send(403, [], NOTHING)
    })
    const talk = await dial(way, server.address.port)
    talk.say(`PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get()}`)
    expect(await talk.hearAll()).toMatch(/^HTTP\/1\.1 403 [\s\S]*connection: close\r\n\r\n$/)
    expect(targets).toEqual(['/a'])
  })

  it('answers pipelined requests one after another, bodies and all', async () => {
    let atWork = 0
    const server = await start(way, async (request, reply) => {
      expect(++atWork).toBe(1)
      await pause()
      await echo(request, reply)
      atWork--
    })
    const talk = await dial(way, server.address.port)
    const numbers = Array.from({ length: 60 }, (_, at) => at)
    talk.say(
      numbers
        .map(at => `PUT /${at} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1000)}`)
        .join(''),
    )
    for (const at of numbers) await talk.hear(new RegExp(`PUT /${at} x{1000}`))
  })

  it('keeps a flood of pipelined requests in the kernel while one is at work', async () => {
    const { seen, tell } = witness<void>()
    const server = await start(way, async (_request, reply) => {
      await seen
      await reply.send(200, [], NOTHING)
    })
    const talk = await dial(way, server.address.port)
    const flood = Buffer.from(get().repeat(1000))
    let taken = false
    for (let mib = 0; mib < 32; mib++)
      talk.socket.write(Buffer.alloc(1024 * 1024, flood), () => {
        taken = mib === 31
      })
    for (let round = 0; round < 50; round++) await pause()
    expect(taken).toBe(false)
    tell()
    await talk.hear(answer)
    talk.socket.destroy()
  })

  it.each(REFUSED)('refuses %s, says why, and never sees what stands behind', async (_why, text, code) => {
    const targets: string[] = []
    const server = await start(way, async (request, reply) => {
      targets.push(request.target)
      await reply.send(200, [], NOTHING)
    })
    const talk = await dial(way, server.address.port)
    talk.say(`${text}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`)
    const heard = await talk.hearAll()
    expect(heard).toMatch(/^HTTP\/1\.1 [45]\d\d /)
    expect(heard).toContain(`x-refused: ${code}`)
    expect(heard).toContain('connection: close')
    expect(targets).toEqual([])
  })

  it('refuses 10,000 fields', async () => {
    const server = await start(way, echo)
    const talk = await dial(way, server.address.port)
    talk.say(get(...Array.from({ length: 10_000 }, (_, at) => `x-${at}: y`)))
    expect(await talk.hearAll()).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('refuses a head without an end before it is larger than 64 KiB and a read', async () => {
    const server = await start(way, echo)
    const talk = await dial(way, server.address.port)
    talk.say(`GET /a HTTP/1.1\r\nHost: h\r\nx: ${'y'.repeat(64 * 1024)}`)
    expect(await talk.hear(/no$/)).toContain('x-refused: head-too-large')
  })

  it.each(['GET /a HTTP/1.1\nHost: h\n\n', '\r\nGET / HTTP/1.1', '\x16\x03\x01\x02\x00'])(
    'refuses %j without waiting for the end of a head',
    async text => {
      const server = await start(way, echo)
      const talk = await dial(way, server.address.port)
      talk.say(text)
      expect(await talk.hear(/no$/)).toContain('x-refused: malformed-head')
    },
  )

  it('asks to continue when the body is wanted, and not before', async () => {
    const { seen, tell } = witness<void>()
    let wanted = false
    const server = await start(way, async (request, reply) => {
      await seen
      await echo(request, reply)
    })
    const talk = await dial(way, server.address.port)
    talk.socket.once('data', () => expect(wanted).toBe(true))
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    for (let round = 0; round < 20; round++) await pause()
    wanted = true
    tell()
    expect(await talk.hear(answer)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    talk.say('hello')
    await talk.hear(/PUT \/a hello/)
    talk.say('PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello')
    expect(await talk.hear(/PUT \/b hello/)).not.toContain('100 Continue')
  })

  it('closes after an answer that did not want the body it was to be asked for', async () => {
    const server = await start(way, (_request, reply) => reply.send(403, [], NOTHING))
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
    expect(await talk.hearAll()).toMatch(/^HTTP\/1\.1 403 [\s\S]*connection: close/)
  })

  it('reads a small body that nobody wanted, and keeps the connection', async () => {
    const server = await start(way, (request, reply) =>
      request.target === '/a' ? reply.send(403, [], NOTHING) : echo(request, reply),
    )
    const talk = await dial(way, server.address.port)
    talk.say(`PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n`)
    expect(await talk.hear(answer)).not.toContain('connection: close')
    talk.say('x'.repeat(200_000)).say(get().replace('/a', '/b'))
    await talk.hear(/GET \/b /)
  })

  it('lets its answer reach a client that still sends a large body', async () => {
    const server = await start(way, (_request, reply) => reply.send(403, [], Buffer.alloc(20_000, 'e')))
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n')
    for (let mib = 0; mib < 10; mib++) talk.say(Buffer.alloc(1024 * 1024))
    const heard = await talk.hearAll()
    expect(heard).toMatch(/^HTTP\/1\.1 403 [\s\S]*connection: close/)
    expect(heard.endsWith('e'.repeat(20_000))).toBe(true)
  })

  it('announces to HEAD and with 304 what GET would hold, without holding it', async () => {
    const server = await start(way, (request, reply) =>
      request.target === '/304' ? reply.send(304, [], NOTHING, 77) : reply.send(200, [], NOTHING, 1234),
    )
    const talk = await dial(way, server.address.port)
    talk.say(get().replace('GET /a', 'HEAD /b') + get().replace('/a', '/304'))
    expect(await talk.hear(answer)).toContain('content-length: 1234')
    expect(await talk.hear(answer)).toMatch(/^HTTP\/1\.1 304 Not Modified\r\n[\s\S]*content-length: 77/)
  })

  it('answers 204 without a length', async () => {
    const server = await start(way, (_request, reply) => reply.send(204, [], NOTHING))
    const talk = await dial(way, server.address.port)
    expect(await talk.say(get()).hear(answer)).not.toContain('content-length')
  })

  it('answers HTTP/1.0 without chunks, and closes', async () => {
    const server = await start(way, async (_request, reply) => {
      const body = reply.streamChunked(200, [])
      await body.write([Buffer.from('one ')])
      await body.write([Buffer.from('two')])
      await body.end()
    })
    const talk = await dial(way, server.address.port)
    talk.say('GET /a HTTP/1.0\r\nHost: h\r\n\r\n')
    const heard = await talk.hearAll()
    expect(heard).toMatch(/connection: close\r\n\r\none two$/)
    expect(heard).not.toContain('chunked')
  })

  it('answers a client that has said its last', async () => {
    const server = await start(way, async (request, reply) => {
      await pause()
      await echo(request, reply)
    })
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello')
    talk.socket.end()
    expect(await talk.hearAll()).toMatch(/PUT \/a hello$/)
  })

  it.each(['FIN', 'RST'])('tells the reader of a body that was cut by a %s', async how => {
    const { seen, tell } = witness<unknown>()
    const { seen: begun, tell: begin } = witness<void>()
    const server = await start(way, async request => {
      begin()
      await collect(request.body).catch(tell)
    })
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello')
    await begun
    if (how === 'FIN' || way === 'tls') talk.socket.end().destroySoon()
    else talk.socket.resetAndDestroy()
    const error = await seen
    expect(error).toBeInstanceOf(BodyCut)
    expect(['ended', 'lost']).toContain((error as BodyCut).code)
    await until(() => server.connections === 0)
  })

  it('tells the writer of an answer whose client has gone', async () => {
    const { seen, tell } = witness<unknown>()
    const server = await start(way, async (_request, reply) => {
      const body = reply.stream(200, [], 1e12)
      const piece = Buffer.alloc(1024 * 1024)
      try {
        for (;;) await body.write([piece])
      } catch (error) {
        tell(error)
      }
    })
    const talk = await dial(way, server.address.port)
    await talk.say(get()).hear(answer)
    talk.socket.destroy()
    expect(await seen).toBeInstanceOf(PeerFailed)
    await until(() => server.connections === 0)
  })

  it('breaks an answer off so that nobody takes it for whole, whatever is wrong with it', async () => {
    const wrong: Record<string, Handler> = {
      '/thrown': async (_request, reply) => {
        await reply.stream(200, [], 10).write([Buffer.from('half ')])
        throw new Error('the rest is lost')
      },
      '/cut': async (_request, reply) => {
        const body = reply.stream(200, [], 10)
        await body.write([Buffer.from('half ')])
        body.cut()
      },
      '/short': async (_request, reply) => {
        const body = reply.stream(200, [], 10)
        await body.write([Buffer.from('half ')])
        await body.end()
      },
      '/long': async (_request, reply) => {
        const body = reply.stream(200, [], 10)
        await body.write([Buffer.from('half ')])
        await body.write([Buffer.from('and more than that')])
      },
      '/unended': async (_request, reply) => {
        await reply.stream(200, [], 10).write([Buffer.from('half ')])
      },
      '/chunks': async (_request, reply) => {
        const body = reply.streamChunked(200, [])
        await body.write([Buffer.from('half ')])
        body.cut()
      },
      '/http10': async (_request, reply) => {
        const body = reply.streamChunked(200, [])
        await body.write([Buffer.from('half ')])
        body.cut()
      },
    }
    const server = await start(way, (request, reply) => wrong[request.target]!(request, reply))
    for (const target of Object.keys(wrong)) {
      const talk = await dial(way, server.address.port)
      let reset = false
      talk.socket.on('error', () => {
        reset = true
      })
      const text = get().replace('/a', target)
      talk.say(target === '/http10' ? text.replace('HTTP/1.1', 'HTTP/1.0') : text)
      const heard = await talk.hearAll()
      expect(heard, target).not.toContain('more')
      expect(heard, target).not.toMatch(/\r\n0\r\n/)
      if (target === '/http10' && way !== 'tls') await until(() => reset)
    }
  })

  it('answers for a handler that throws, or forgets, or breaks the rules before its answer', async () => {
    const wrong: Record<string, Handler> = {
      '/thrown': () => {
        throw new Error('at once')
      },
      '/rejected': async () => {
        throw new Error('later')
      },
      '/forgotten': async () => {},
      '/split': (_request, reply) => reply.send(200, [['x', 'a\r\nset-cookie: b']], NOTHING),
      '/name': (_request, reply) => reply.send(200, [['x y', 'a']], NOTHING),
      '/framing': (_request, reply) => reply.send(200, [['Content-Length', '7']], NOTHING),
      '/wide': (_request, reply) => reply.send(200, [['x', '\u0100']], NOTHING),
    }
    const server = await start(way, (request, reply) => wrong[request.target]!(request, reply))
    const talk = await dial(way, server.address.port)
    for (const target of Object.keys(wrong)) {
      talk.say(get().replace('/a', target))
      expect(await talk.hear(/no$/), target).toMatch(/^HTTP\/1\.1 500 [\s\S]*handler-failed/)
    }
  })

  it('answers once', async () => {
    const { seen, tell } = witness<unknown>()
    const server = await start(way, async (_request, reply) => {
      await reply.send(200, [], NOTHING)
      await reply.send(200, [], NOTHING).catch(tell)
    })
    const talk = await dial(way, server.address.port)
    await talk.say(get()).hear(answer)
    expect(await seen).toBeInstanceOf(TypeError)
    await talk.say(get()).hear(answer)
  })

  it('closes a connection that says nothing', async () => {
    const server = await start(way, echo, { head: 50 })
    expect(await (await dial(way, server.address.port)).hearAll()).toBe('')
  })

  it('closes a connection that has no more to say', async () => {
    const server = await start(way, echo, { idle: 50 })
    const talk = await dial(way, server.address.port)
    expect(await talk.say(get()).hearAll()).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('answers 408 to a head that does not end', async () => {
    const server = await start(way, echo, { head: 50 })
    let heard = ''
    // On a busy machine the connection may be closed before it has said anything.
    while (heard === '') {
      const talk = await dial(way, server.address.port)
      heard = await talk.say('GET /a HTTP/1.1\r\nHos').hearAll()
    }
    expect(heard).toMatch(/^HTTP\/1\.1 408 [\s\S]*head-timeout/)
  })

  it('gives up on a body that stalls, and lets its handler say so', async () => {
    const { seen, tell } = witness<unknown>()
    const server = await start(
      way,
      async (request, reply) => {
        await collect(request.body).catch(tell)
        await reply.send(400, [], Buffer.from('too slow'))
      },
      { body: 50 },
    )
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello')
    expect(await talk.hearAll()).toMatch(/^HTTP\/1\.1 400 [\s\S]*too slow$/)
    expect(await seen).toMatchObject({ name: 'BodyCut', code: 'stalled' })
  })

  it('gives up on a client that takes nothing of its answer', async () => {
    const { seen, tell } = witness<unknown>()
    const server = await start(
      way,
      async (_request, reply) => {
        const body = reply.stream(200, [], 1e12)
        try {
          for (;;) await body.write([Buffer.alloc(1024 * 1024)])
        } catch (error) {
          tell(error)
        }
      },
      { stall: 100 },
    )
    const talk = await dial(way, server.address.port)
    talk.socket.pause()
    talk.say(get())
    expect(await seen).toMatchObject({ code: 'stalled' })
    await until(() => server.connections === 0)
  })

  it('closes connections beyond its cap', async () => {
    const server = await start(way, echo, { connections: 2 })
    const talks: Talk[] = []
    for (let at = 0; at < 2; at++) {
      const talk = await dial(way, server.address.port)
      await talk.say(get()).hear(/GET \/a /)
      talks.push(talk)
    }
    const third = await dial(way, server.address.port).catch(() => undefined)
    expect(await third?.hearAll()).toBeFalsy()
    talks[0]!.socket.destroy()
    await until(() => server.connections === 1)
    await (await dial(way, server.address.port)).say(get()).hear(/GET \/a /)
  })

  it('closes in good order: idle connections at once, others after their answer', async () => {
    const { seen, tell } = witness<void>()
    const { seen: begun, tell: begin } = witness<void>()
    const server = await start(way, async (request, reply) => {
      if (request.target === '/slow') {
        begin()
        await seen
      }
      await echo(request, reply)
    })
    const idle = await dial(way, server.address.port)
    await idle.say(get()).hear(/GET \/a /)
    const busy = await dial(way, server.address.port)
    busy.say(get().replace('/a', '/slow'))
    await begun
    const closed = server.close(60_000)
    await idle.hearAll()
    tell()
    expect(await busy.hearAll()).toMatch(/connection: close[\s\S]*GET \/slow $/)
    busy.socket.destroy()
    await closed
    await expect(dial(way, server.address.port)).rejects.toThrow()
  })

  it('closes in bad order after its grace, and tells who still waits', async () => {
    const { seen, tell } = witness<unknown>()
    const { seen: begun, tell: begin } = witness<void>()
    const server = await start(way, async request => {
      begin()
      await collect(request.body).catch(tell)
    })
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello')
    await begun
    await server.close(10)
    expect(await seen).toMatchObject({ name: 'BodyCut', code: 'lost' })
  })

  it('writes nothing into the memory of a sink that has failed', async () => {
    const memory = Buffer.alloc(100_000)
    const { seen, tell } = witness<void>()
    const server = await start(way, async (request, reply) => {
      let filled = 0
      const sink: Sink = {
        space: () => memory,
        filled: length => {
          filled += length
          if (filled < 50_000) return undefined
          return new Promise((_resolve, reject) => setTimeout(() => reject(new Error('enough')), 20))
        },
      }
      await expect(request.body.readInto(sink)).rejects.toThrow('enough')
      memory.fill('M')
      await reply.send(400, [], NOTHING)
      tell()
    })
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n')
    for (let mib = 0; mib < 5; mib++) talk.say(Buffer.alloc(1024 * 1024, 'x'))
    await seen
    await talk.hear(answer)
    for (let mib = 0; mib < 4; mib++) talk.say(Buffer.alloc(1024 * 1024, 'x'))
    for (let round = 0; round < 20; round++) await pause()
    expect(memory.equals(Buffer.alloc(100_000, 'M'))).toBe(true)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ] as const)('answers and goes on after a sink that %s at its last byte', async (_how, fail) => {
    const server = await start(way, async (request, reply) => {
      let message = 'taken'
      const sink: Sink = { space: () => Buffer.alloc(5), filled: fail }
      await request.body.readInto(sink).catch(error => {
        message = error.message
      })
      await reply.send(400, [], Buffer.from(`it said ${message}`))
    })
    const talk = await dial(way, server.address.port)
    for (let round = 0; round < 2; round++) {
      talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello')
      expect(await talk.hear(/it said no/)).not.toContain('connection: close')
    }
  })

  it('ends the reading when a sink offers no space, or throws where it should', async () => {
    const spaces = [
      () => NOTHING,
      () => {
        throw new Error('none')
      },
    ]
    const errors: unknown[] = []
    const server = await start(way, async (request, reply) => {
      const space = spaces[errors.length]!
      let first = true
      const sink: Sink = {
        space: () => {
          if (!first) return space()
          first = false
          return Buffer.alloc(1)
        },
        filled: () => undefined,
      }
      await request.body.readInto(sink).catch(error => errors.push(error))
      await reply.send(400, [], NOTHING)
    })
    for (let at = 0; at < 2; at++) {
      const talk = await dial(way, server.address.port)
      talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n')
      await pause()
      talk.say('h')
      await pause()
      talk.say('ello')
      expect(await talk.hear(answer)).toContain(' 400 ')
    }
    expect(errors.map(String)).toEqual(['RangeError: a sink offered no space', 'Error: none'])
  })

  it('closes after an answer to a request whose body was discarded', async () => {
    const server = await start(way, async (request, reply) => {
      request.body.discard()
      await expect(
        request.body.readInto({ space: () => Buffer.alloc(9), filled: () => undefined }),
      ).rejects.toThrow()
      await reply.send(403, [], NOTHING)
    })
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello')
    expect(await talk.hearAll()).toMatch(/^HTTP\/1\.1 403 [\s\S]*connection: close/)
  })

  it('gives an exchange that is over no byte of the next one', async () => {
    const kept: Request[] = []
    const { seen, tell } = witness<unknown>()
    const server = await start(way, async (request, reply) => {
      kept.push(request)
      if (kept.length === 2) await collect(kept[0]!.body).catch(tell)
      await echoUnlessFirst(request, reply)
    })
    const echoUnlessFirst: Handler = (request, reply) =>
      kept.length === 1 ? reply.send(200, [], NOTHING) : echo(request, reply)
    const talk = await dial(way, server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nfirst')
    await talk.hear(answer)
    talk.say('PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecond')
    await talk.hear(/PUT \/b second/)
    expect(await seen).toMatchObject({ name: 'BodyCut', code: 'discarded' })
  })
})

describe('a server read the direct way', () => {
  it('reads into a sink as much at once as the sink has space for', async () => {
    let largest = 0
    const memory = Buffer.allocUnsafeSlow(256 * 1024)
    const server = await start('direct', async (request, reply) => {
      const sink: Sink = {
        space: () => memory,
        filled: length => {
          largest = Math.max(largest, length)
          return new Promise(resolve => setTimeout(resolve, 1))
        },
      }
      await request.body.readInto(sink)
      await reply.send(200, [], NOTHING)
    })
    const talk = await dial('direct', server.address.port)
    talk.say('PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20971520\r\n\r\n')
    for (let mib = 0; mib < 20; mib++) talk.say(Buffer.alloc(1024 * 1024))
    await talk.hear(answer)
    expect(largest).toBe(256 * 1024)
  })

  it('says so when its port is in use', async () => {
    const { port } = (await start('direct', echo)).address
    const listen = { port, host: '127.0.0.1' }
    await expect(serve({ listen, handler: echo, refuse })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
