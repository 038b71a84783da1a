import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'

/** A request on its way to the store, whole. */
export interface Asked {
  method: string
  /** Path and query. */
  target: string
  /** Names and values in turn, as they came. */
  headers: string[]
  body: Buffer
}

/** An answer on its way back, whole. Lengths are written anew from the body. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/**
 * What the store does instead of what it should. Each method may change what it is handed, or answer in the
 * store's place.
 */
export interface Attack {
  /** Before the store sees the request. An answer, and the store never does. */
  request?(asked: Asked): Answer | undefined
  /** After the store has answered. */
  answer?(asked: Asked, answer: Answer): void
  /** The request broke off: what came of its body. */
  cut?(target: string, headers: http.IncomingHttpHeaders, body: Buffer): Promise<void>
  /** Takes the connection itself: slow drips, endless bodies, lies about lengths. */
  wire?(asked: Asked, socket: net.Socket): boolean
}

/** A store that may be made hostile: all that Treuhand says to its store passes here. */
export interface HostileStore {
  readonly endpoint: string
  /** What was asked since the last call. */
  asked(): Asked[]
  /** Carries out an attack while `during` runs. */
  attack<T>(attack: Attack, during: () => Promise<T>): Promise<T>
  stop(): void
}

/** @param endpoint the real store's */
export async function startHostileStore(endpoint: string): Promise<HostileStore> {
  let current: Attack = {}
  let seen: Asked[] = []
  const server = http.createServer(async (incoming, outgoing) => {
    const body: Buffer[] = []
    try {
      for await (const piece of incoming) body.push(piece as Buffer)
    } catch {
      await current.cut?.(incoming.url ?? '', incoming.headers, Buffer.concat(body))
      return
    }
    const asked: Asked = {
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      headers: incoming.rawHeaders,
      body: Buffer.concat(body),
    }
    seen.push(asked)
    if (current.wire?.(asked, incoming.socket) === true) return
    const answer = current.request?.(asked) ?? (await pass(endpoint, asked))
    current.answer?.(asked, answer)
    const length = asked.method === 'HEAD' ? answer.headers['content-length'] : answer.body.length
    outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': length ?? 0 })
    outgoing.end(asked.method === 'HEAD' ? undefined : answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    asked: () => {
      const since = seen
      seen = []
      return since
    },
    async attack(attack, during) {
      current = attack
      try {
        return await during()
      } finally {
        current = {}
      }
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The store's own answer. The Host stays as it was signed. */
async function pass(endpoint: string, { method, target, headers, body }: Asked): Promise<Answer> {
  const { hostname, port } = new URL(endpoint)
  const kept = headers.filter((_, i) => !/^connection$/i.test(headers[i - (i % 2)]!))
  const request = http.request({ hostname, port, method, path: target, headers: kept })
  request.end(body)
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
  const pieces: Buffer[] = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  const fields = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name))
  const text = fields.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : `${value}`])
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(text), body: Buffer.concat(pieces) }
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding'])
