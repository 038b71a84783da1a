import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { afterEach, vi } from 'vitest'
import type { Body, Sink, UnsizedBody } from '../../src/wire/body.ts'
import { Origin, type OriginOptions } from '../../src/wire/client.ts'
import { RequestRefused } from '../../src/wire/errors.ts'
import type { Handler } from '../../src/wire/exchange.ts'
import { type Answer, type Server, type ServerOptions, serve } from '../../src/wire/server.ts'
import { type Certificate, makeCertificate } from '../harness/certificate.ts'

/** The ways in which a server's sockets are read; all behave alike. */
export const WAYS = ['direct', 'copied', 'tls'] as const
export type Way = (typeof WAYS)[number]

// A loaded machine is slow, not wrong.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

/** Closes it when the test is over. */
export function closing<T extends { close(): unknown }>(one: T): T {
  open.push(one)
  return one
}

/** A server for one test. */
export async function start(
  way: Way,
  handler: Handler,
  limits: ServerOptions['limits'] = {},
): Promise<Server> {
  const server = await serve({
    listen: { port: 0, host: '127.0.0.1' },
    handler,
    refuse,
    limits,
    ...(way === 'tls' ? { tls: certificate() } : { reading: way }),
  })
  closing({ close: () => server.close(0) })
  return server
}

/** A client of that server. */
export function client(way: Way, port: number, limits: OriginOptions['limits'] = {}): Origin {
  const secure = way === 'tls' ? { tls: { ca: certificate().cert, servername: 'localhost' } } : {}
  return closing(new Origin({ host: '127.0.0.1', port, limits, ...secure }))
}

/** A socket to that server that speaks by hand. */
export async function dial(way: Way, port: number): Promise<Talk> {
  const to = { port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }
  const socket =
    way === 'tls' ? tls.connect({ ...to, ca: certificate().cert, servername: 'localhost' }) : net.connect(to)
  closing({ close: () => socket.destroy() })
  await once(socket, way === 'tls' ? 'secureConnect' : 'connect')
  return new Talk(socket)
}

/** Answers what the wire refused by its code, and a handler's failure with 500. */
export function refuse(why: unknown): Answer {
  const refused = why instanceof RequestRefused
  return {
    status: refused ? why.status : 500,
    fields: [['x-refused', refused ? why.code : 'handler-failed']],
    body: Buffer.from('no'),
  }
}

/** Waits until something is so, for as long as the test may take. */
export async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise(resolve => setTimeout(resolve, 2))
}

/** Collects a body (of unknown length: up to 64 KiB) through a window of `window` bytes; `hold` may make each fill wait. */
export async function collect(
  body: Body | UnsizedBody,
  window = 64 * 1024,
  hold?: () => Promise<void> | undefined,
): Promise<Buffer> {
  const all = Buffer.alloc(body.length ?? 64 * 1024)
  let at = 0
  const sink: Sink = {
    space: () => all.subarray(at, at + window),
    filled: length => {
      at += length
      return hold?.()
    },
  }
  await body.readInto(sink)
  return all.subarray(0, at)
}

/** One connection as the other side sees it: a client's, or a server's that a test plays. */
export class Talk {
  readonly socket: net.Socket
  #got = ''
  #ended = false
  #wake: (() => void) | undefined

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', text => {
      this.#got += text
      this.#wake?.()
    })
    socket.on('error', () => {})
    for (const event of ['end', 'close'])
      socket.on(event, () => {
        this.#ended = true
        this.#wake?.()
      })
  }

  say(text: string | Uint8Array): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    return this
  }

  /** Waits until what came matches, and takes everything up to the end of the match. */
  async hear(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#got)
      if (match !== null) {
        const heard = this.#got.slice(0, match.index + match[0].length)
        this.#got = this.#got.slice(heard.length)
        return heard
      }
      if (this.#ended) throw new Error(`the peer ended after ${JSON.stringify(this.#got.slice(0, 500))}`)
      await this.#more()
    }
  }

  /** Everything up to the peer's end. */
  async hearAll(): Promise<string> {
    while (!this.#ended) await this.#more()
    return this.#got
  }

  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

/** A server that a test plays by hand: `next` is the connection that comes next. */
export class HandServer {
  readonly port: number
  readonly #waiting: Talk[] = []
  #wake: (() => void) | undefined

  private constructor(server: net.Server) {
    this.port = (server.address() as net.AddressInfo).port
    server.on('connection', socket => {
      closing({ close: () => socket.destroy() })
      this.#waiting.push(new Talk(socket))
      this.#wake?.()
    })
  }

  static async listen(): Promise<HandServer> {
    const server = closing(net.createServer({ allowHalfOpen: true, noDelay: true }))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new HandServer(server)
  }

  async next(): Promise<Talk> {
    for (;;) {
      const talk = this.#waiting.shift()
      if (talk !== undefined) return talk
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

let made: Certificate | undefined

/** A certificate of its own for `localhost`. */
export function certificate(): Certificate {
  made ??= makeCertificate(['localhost'])
  return made
}
