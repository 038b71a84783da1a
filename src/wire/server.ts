import net from 'node:net'
import tls from 'node:tls'
import type { Handler } from './exchange.ts'
import { directReading } from './reading-proof.ts'
import {
  type Answer,
  type ConnectionSettings,
  ServerConnection,
  type ServerLimits,
} from './server-connection.ts'
import { type Reading, readAccepted, readCopied } from './socket-reading.ts'

export type { Answer, ServerLimits } from './server-connection.ts'

export interface ServerOptions {
  readonly listen: Pick<net.ListenOptions, 'port' | 'host' | 'backlog' | 'reusePort' | 'exclusive'>
  readonly handler: Handler
  /** Answers what no handler answered: a `RequestRefused`, or whatever a handler threw before it answered. */
  readonly refuse: (why: unknown) => Answer
  readonly limits?: Partial<ServerLimits>
  /** Certificate, key and the like; without it, plain HTTP. */
  readonly tls?: tls.TlsOptions
  /** How plain connections are read; by itself, the direct way where it proves to work. */
  readonly reading?: Reading
}

export interface Server {
  readonly address: net.AddressInfo
  readonly connections: number
  /** Takes no more connections and ends the idle ones; the others when they are answered, or after `grace` ms. */
  close(grace: number): Promise<void>
}

const LIMITS: ServerLimits = {
  head: 10_000,
  idle: 75_000,
  body: 60_000,
  stall: 60_000,
  linger: 5_000,
  connections: 10_000,
}

/**
 * Serves HTTP/1.1. Bodies go from the kernel into memory that the handler names (`Sink`), answers out of its own.
 * @throws the listener's error, such as EADDRINUSE
 */
export async function serve(options: ServerOptions): Promise<Server> {
  const limits = { ...LIMITS, ...options.limits }
  const settings: ConnectionSettings = { handler: options.handler, refuse: options.refuse, limits }
  const reading = options.reading ?? (await directReading())
  const connections = new Set<ServerConnection>()
  let closed: (() => void) | undefined

  function accept(socket: net.Socket, read: typeof readCopied): void {
    socket.on('error', () => {})
    if (connections.size >= limits.connections || closed !== undefined) return void socket.destroy()
    const connection = new ServerConnection(settings)
    connections.add(connection)
    connection.begin(read(socket, connection.receiver), () => {
      connections.delete(connection)
      if (connections.size === 0) closed?.()
    })
  }

  const listener =
    options.tls === undefined
      ? net.createServer({ pauseOnConnect: reading === 'direct', allowHalfOpen: true }, socket =>
          accept(socket, (its, receiver) => readAccepted(its, receiver, reading)),
        )
      : tls.createServer(
          { ALPNProtocols: ['http/1.1'], handshakeTimeout: limits.head, allowHalfOpen: true, ...options.tls },
          socket => accept(socket, readCopied),
        )
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(options.listen, resolve)
  })
  // A failed accept (EMFILE, a client gone already) is that client's misfortune alone.
  listener.on('error', () => {})

  return {
    address: listener.address() as net.AddressInfo,
    get connections() {
      return connections.size
    },
    async close(grace) {
      const gone = new Promise<void>(resolve => {
        closed = resolve
      })
      listener.close()
      for (const connection of connections) connection.finish()
      if (connections.size === 0) return
      const late = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, grace)
      await gone
      clearTimeout(late)
    },
  }
}
