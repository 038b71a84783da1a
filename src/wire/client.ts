import net from 'node:net'
import tls from 'node:tls'
import { ClientConnection, type ClientLimits } from './client-connection.ts'
import { PeerFailed } from './errors.ts'
import type { Fields } from './exchange.ts'
import { fieldLines } from './fields.ts'
import { type Response, responseOf } from './response.ts'
import { onreadCopiedFor, onreadFor } from './socket-reading.ts'
import { ConnectionUpload, HeldUpload, type Upload } from './upload.ts'

export type { ClientLimits } from './client-connection.ts'
export type { Response } from './response.ts'
export type { Upload } from './upload.ts'

export interface OriginOptions {
  readonly host: string
  readonly port: number
  /** What to trust and to show; without it, plain HTTP. */
  readonly tls?: tls.ConnectionOptions
  readonly limits?: Partial<ClientLimits>
}

/** A request. `host`, `content-length` and what else frames a message is written by the client itself. */
export interface Ask {
  readonly method: string
  /** Origin form: a path and a query, encoded. */
  readonly target: string
  readonly fields: Fields
}

const LIMITS: ClientLimits = {
  connect: 10_000,
  answer: 60_000,
  head: 10_000,
  body: 60_000,
  stall: 60_000,
  idle: 2_000,
}

/** Methods that may be sent again where nobody knows whether they arrived (RFC 9110 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

const NOTHING = new Uint8Array(0)

/** Bytes of a body that are held until all are there, rather than risked on a connection that may be closing. */
const HELD = 32 * 1024
/** Milliseconds in which a peer that knows `Expect` asks for the body (RFC 9110 10.1.1 leaves this to the client). */
const CONTINUE = 1_000

/** One server, and the connections to it. Redirects are answers like others: nothing is followed. */
export class Origin {
  readonly #options: OriginOptions
  readonly #limits: ClientLimits
  readonly #hostLine: string
  readonly #all = new Set<ClientConnection>()
  /** The one used last is taken first, so that those in excess grow old and go. */
  readonly #resting: ClientConnection[] = []
  readonly #dialling = new Set<net.Socket>()
  #session: Buffer | undefined
  /** False once the peer has let an `Expect` pass in silence. */
  #asksForBodies = true
  #closed = false

  constructor(options: OriginOptions) {
    this.#options = options
    this.#limits = { ...LIMITS, ...options.limits }
    this.#hostLine = `host: ${hostField(options)}\r\n`
  }

  /** What the Host field says, as a signature over it needs to know. */
  get host(): string {
    return hostField(this.#options)
  }

  /** Open connections. */
  get connections(): number {
    return this.#all.size
  }

  /**
   * Sends a request, with a body that is in memory whole or with none.
   * It is sent once more where a connection that had rested broke under it, if twice is the same as once.
   * @throws PeerFailed
   */
  async request(ask: Ask, body: Uint8Array = NOTHING): Promise<Response> {
    const head = this.#head(
      ask,
      body.length > 0 || ask.method === 'POST' || ask.method === 'PUT' ? body.length : undefined,
    )
    const rested = this.#takeRested()
    if (rested === undefined) return await this.#exchange(await this.#dial(), ask, head, body)
    try {
      return await this.#exchange(rested, ask, head, body)
    } catch (error) {
      if (!isLost(error) || !isRepeatable(ask, body.length)) throw error
    }
    return await this.#exchange(await this.#dial(), ask, head, body)
  }

  /**
   * Begins a request with a body of exactly `length` bytes. A connection that had rested may be closing at this
   * moment, and a body that is on its way cannot be had again: so a small one is held until it is there whole, and
   * for a large one the peer must ask, or it goes over a new connection.
   * @throws PeerFailed
   */
  async upload(ask: Ask, length: number): Promise<Upload> {
    const head = this.#head(ask, length)
    if (length <= HELD) return new HeldUpload(length, body => this.request(ask, body))
    const rested = this.#asksForBodies ? this.#takeRested() : undefined
    return (
      (rested && (await this.#askedFor(rested, ask, length))) ??
      new ConnectionUpload(await this.#dial(), ask.method, head, length)
    )
  }

  /** An upload over a connection that had rested, once the peer wants the body; undefined if the connection is gone. */
  async #askedFor(rested: ClientConnection, ask: Ask, length: number): Promise<Upload | undefined> {
    const fields: Fields = [...ask.fields, ['expect', '100-continue']]
    const upload = new ConnectionUpload(rested, ask.method, this.#head({ ...ask, fields }, length), length)
    try {
      this.#asksForBodies = await upload.announce(CONTINUE)
      return upload
    } catch (error) {
      if (isLost(error)) return undefined
      throw error
    }
  }

  /** Ends all connections; whoever waits on one is told. */
  close(): void {
    this.#closed = true
    for (const connection of this.#all) connection.fail(new PeerFailed('aborted', 'the client was closed'))
    for (const socket of this.#dialling) socket.destroy()
  }

  #head(ask: Ask, length: number | undefined): string {
    if (!/^[!-~]+$/.test(ask.target) || !/^[A-Z]+$/.test(ask.method))
      throw new TypeError('a request line cannot be written')
    const framing = length === undefined ? '' : `content-length: ${length}\r\n`
    return `${ask.method} ${ask.target} HTTP/1.1\r\n${this.#hostLine}${fieldLines(ask.fields)}${framing}\r\n`
  }

  async #exchange(connection: ClientConnection, ask: Ask, head: string, body: Uint8Array): Promise<Response> {
    const answer = connection.expectAnswer(ask.method)
    connection.requestSent()
    await connection.out.writeSmall(head, body)
    connection.awaitAnswer()
    return responseOf(await answer)
  }

  #takeRested(): ClientConnection | undefined {
    for (let connection = this.#resting.pop(); connection !== undefined; connection = this.#resting.pop())
      if (connection.usable) return connection
      else connection.fail(new PeerFailed('malformed-answer', 'the peer sent what nobody asked for'))
    return undefined
  }

  async #dial(): Promise<ClientConnection> {
    if (this.#closed) throw new PeerFailed('aborted', 'the client was closed')
    const connection = new ClientConnection(this.#limits, its => this.#resting.push(its))
    const socket = this.#socketFor(connection)
    this.#dialling.add(socket)
    try {
      await connected(
        socket,
        this.#options.tls === undefined ? 'connect' : 'secureConnect',
        this.#limits.connect,
      )
    } finally {
      this.#dialling.delete(socket)
    }
    this.#all.add(connection)
    const reading = { socket, resume: () => void socket.resume(), withdraw: () => void socket.destroy() }
    connection.begin(reading, () => this.#forget(connection))
    if (this.#closed) this.close()
    return connection
  }

  #forget(connection: ClientConnection): void {
    this.#all.delete(connection)
    const at = this.#resting.indexOf(connection)
    if (at !== -1) this.#resting.splice(at, 1)
  }

  #socketFor(connection: ClientConnection): net.Socket {
    const { host, port } = this.#options
    const { receiver } = connection
    const ended = () => receiver.ended()
    if (this.#options.tls === undefined)
      return net.connect({ host, port, noDelay: true, onread: onreadFor(receiver) }).on('end', ended)
    const options: tls.ConnectionOptions = {
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      ...this.#options.tls,
      host,
      port,
      ALPNProtocols: ['http/1.1'],
      ...(this.#session === undefined ? {} : { session: this.#session }),
    }
    // `onread` is documented with tls.connect, and missing in its type.
    const socket = tls.connect({
      ...options,
      noDelay: true,
      onread: onreadCopiedFor(receiver),
    } as tls.ConnectionOptions)
    socket.on('session', session => {
      this.#session = session
    })
    return socket.on('end', ended)
  }
}

const isLost = (error: unknown): boolean => error instanceof PeerFailed && error.code === 'lost'

/** Of a request that may have been obeyed: a condition on the object could fail on what it did itself. */
const isRepeatable = ({ method, fields }: Ask, bodyLength: number): boolean =>
  IDEMPOTENT.has(method) && (bodyLength === 0 || !fields.some(([name]) => name.startsWith('if-')))

/** The authority of the origin, without the scheme's own port (RFC 9110 7.2, RFC 3986 6.2.3). */
function hostField({ host, port, tls: secure }: OriginOptions): string {
  const name = net.isIPv6(host) ? `[${host}]` : host
  return port === (secure === undefined ? 80 : 443) ? name : `${name}:${port}`
}

async function connected(
  socket: net.Socket,
  event: 'connect' | 'secureConnect',
  limit: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const failed = (cause?: unknown) => reject(new PeerFailed('unreachable', 'no connection came about', cause))
  const late = setTimeout(() => failed(new Error(`it took more than ${limit} ms`)), limit)
  socket.once(event, resolve).once('error', failed).once('close', failed)
  try {
    await promise
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  } finally {
    clearTimeout(late)
    socket.off('error', failed).off('close', failed)
  }
}
