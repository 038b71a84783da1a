import { once } from 'node:events'
import net from 'node:net'
import type { Body, Sink } from '../../src/wire/body.ts'
import { RequestRefused } from '../../src/wire/errors.ts'
import type { Answer } from '../../src/wire/server.ts'

/** Collects a body through a window of `window` bytes; `hold` may make each fill wait. */
export async function collect(
  body: Body,
  window = 64 * 1024,
  hold?: () => Promise<void> | undefined,
): Promise<Buffer> {
  const all = Buffer.alloc(body.length)
  let at = 0
  const sink: Sink = {
    space: () => all.subarray(at, Math.max(at + 1, Math.min(at + window, all.length))),
    filled: length => {
      at += length
      return hold?.()
    },
  }
  await body.readInto(sink)
  return all
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

/** A plain socket that speaks by hand. */
export async function dial(port: number): Promise<Talk> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  return new Talk(socket)
}

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
