import type net from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Body, BodyCut, type Sink, type UnsizedBody } from './body.ts'
import { Dechunker } from './chunked.ts'
import { Deadline } from './deadline.ts'
import { PeerFailed, RequestRefused } from './errors.ts'
import type { Fields, Handler, Request } from './exchange.ts'
import { type RequestHead, readRequestHead } from './head.ts'
import { type HeadFailure, Inbound, type InboundOwner } from './inbound.ts'
import { Outbound } from './outbound.ts'
import { ConnectionReply, type ReplySetting } from './reply.ts'
import { type ReadingSocket, type Receiver, SCRATCH } from './socket-reading.ts'

/** Milliseconds, unless said otherwise. */
export interface ServerLimits {
  /** From a request head's first byte (for the first one: from the connection's begin) to its last. */
  readonly head: number
  /** A connection without a request. */
  readonly idle: number
  /** A request body of which nothing comes. */
  readonly body: number
  /** An answer of which the client takes nothing. */
  readonly stall: number
  /** How long a connection that was answered with `close` may still send. */
  readonly linger: number
  /** Open connections; more are closed at once. */
  readonly connections: number
}

/** A whole small answer. */
export interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array
}

export interface ConnectionSettings {
  readonly handler: Handler
  /** Answers what no handler answered: a `RequestRefused`, or whatever a handler threw before it answered. */
  readonly refuse: (why: unknown) => Answer
  readonly limits: ServerLimits
}

/** Bytes of an unread body that are worth reading to keep a connection. */
const WORTH_DRAINING = 256 * 1024

/** One client's connection: its requests one after another, each answered before the next is read. */
export class ServerConnection implements InboundOwner {
  readonly #settings: ConnectionSettings
  readonly #in: Inbound
  readonly #lingering = new Deadline(() => this.destroy())
  #socket!: net.Socket
  #out!: Outbound
  #remoteAddress = ''
  #secure = false
  /** `busy` from a request's head until its answer is out; `ending` once our side has said its last. */
  #phase: 'idle' | 'busy' | 'ending' = 'idle'
  /** Whether the client sends its body is up to it, as long as nobody has asked it to continue. */
  #awaitsContinue = false
  /** The answer at work is the last one. */
  #closing = false

  constructor(settings: ConnectionSettings) {
    this.#settings = settings
    this.#in = new Inbound(this, settings.limits)
  }

  get receiver(): Receiver {
    return this.#in
  }

  /** @param closed called once, when the connection is gone and everything waiting on it has been told */
  begin(reading: ReadingSocket, closed: () => void): void {
    const { socket } = reading
    this.#socket = socket
    this.#secure = socket instanceof TLSSocket
    this.#remoteAddress = socket.remoteAddress ?? ''
    this.#out = new Outbound(socket, this.#settings.limits.stall)
    this.#in.attach(reading)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#lingering.clear()
      this.#in.stop(new BodyCut('lost', 'the connection broke'))
      this.#out.stop(new PeerFailed('lost', 'the connection broke'))
      closed()
    })
    this.#in.expectHead(this.#settings.limits.head)
  }

  /** Closes when the request at work has been answered; at once where there is none. */
  finish(): void {
    this.#closing = true
    if (this.#phase === 'idle' && !this.#in.keepsBytes) this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  // ---- what comes in

  head(bytes: Buffer, end: number): void {
    const head = readRequestHead(bytes, end)
    this.#awaitsContinue = head.expectsContinue
    const reply = new ConnectionReply(this.#replySetting(head))
    const request: Request = {
      method: head.method,
      target: head.target,
      headers: head.headers,
      body: this.#expectBody(head.length, () => this.#continue(reply)),
      remoteAddress: this.#remoteAddress,
      secure: this.#secure,
    }
    this.#phase = 'busy'
    this.#handle(request, reply)
  }

  headFailed(why: HeadFailure): void {
    if (why === 'timeout' && !this.#in.keepsBytes) {
      this.destroy()
      return
    }
    const refusal = why instanceof Error ? why : new RequestRefused(HEAD_FAILURES[why])
    this.#phase = 'busy'
    const reply = new ConnectionReply({
      method: '',
      legacy: false,
      out: this.#out,
      staysOpen: () => false,
      cut: this.#cut,
    })
    this.#refuse(reply, refusal).then(() => this.#answered(reply), this.#cut)
  }

  bodyTaken(): void {}

  bodyFailed(why: unknown): void {
    // Where the sink failed, the rest may still be worth reading; where the body did, nothing can follow it.
    if (why instanceof BodyCut) this.#closing = true
  }

  ended(): void {
    if (this.#phase !== 'busy') this.destroy()
  }

  // ---- one exchange

  #replySetting(head: RequestHead): ReplySetting {
    return {
      method: head.method,
      legacy: head.legacy,
      out: this.#out,
      staysOpen: () => head.keepAlive && !this.#closing && this.#in.left <= this.#worthDraining(),
      cut: this.#cut,
    }
  }

  async #handle(request: Request, reply: ConnectionReply): Promise<void> {
    try {
      try {
        await this.#settings.handler(request, reply)
        if (!reply.started) throw new Error('a handler returned without an answer')
      } catch (error) {
        if (reply.started) return this.#cut()
        await this.#refuse(reply, error)
      }
      await this.#answered(reply)
    } catch {
      this.#cut()
    }
  }

  #expectBody(length: number | 'chunked', onRead: () => void): Body | UnsizedBody {
    if (length !== 'chunked') return this.#in.expectBody(length, onRead)
    const chunks = this.#in.expectBody(Number.MAX_SAFE_INTEGER, onRead)
    const events = {
      ended: (rest: Uint8Array) => this.#in.endBody(rest),
      malformed: (why: string) => new BodyCut('framing', why),
    }
    return {
      length: undefined,
      readInto: sink => chunks.readInto(new Dechunker(sink, events)),
      discard: () => chunks.discard(),
    }
  }

  #worthDraining(): number {
    return this.#awaitsContinue ? 0 : WORTH_DRAINING
  }

  /** RFC 9110 10.1.1: asked for once somebody wants the body, unless it is on its way already. */
  #continue(reply: ConnectionReply): void {
    if (this.#awaitsContinue && !reply.started && !this.#in.keepsBytes)
      this.#out.post('HTTP/1.1 100 Continue\r\n\r\n')
    this.#awaitsContinue = false
  }

  async #refuse(reply: ConnectionReply, why: unknown): Promise<void> {
    const answer = this.#settings.refuse(why)
    await reply.send(answer.status, answer.fields, answer.body)
  }

  async #answered(reply: ConnectionReply): Promise<void> {
    if (!reply.ended) return this.#cut()
    if (!reply.staysOpen) return this.#linger()
    if (this.#in.left > 0) await this.#in.expectBody(this.#in.left).readInto(NOWHERE)
    if (this.#closing) return this.#linger()
    this.#phase = 'idle'
    this.#in.expectHead(this.#settings.limits.idle)
  }

  /**
   * Ends our side and takes what the client still sends: closing over unread bytes would reset the connection,
   * and the client could lose the answer (RFC 9112 9.6).
   */
  #linger(): void {
    this.#phase = 'ending'
    this.#lingering.set(this.#settings.limits.linger)
    this.#socket.end()
    this.#in
      .expectBody(Number.MAX_SAFE_INTEGER)
      .readInto(NOWHERE)
      .then(this.#cut, () => this.destroy())
  }

  /** A reset, where TCP allows one: nobody may take what came for the whole. */
  readonly #cut = (): void => {
    if (this.#secure) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }
}

const HEAD_FAILURES = {
  malformed: 'malformed-head',
  'too-large': 'head-too-large',
  timeout: 'head-timeout',
} as const

/** Takes a body that nobody wants. */
const NOWHERE: Sink = { space: () => SCRATCH, filled: () => undefined }
