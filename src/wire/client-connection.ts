import type net from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Body, BodyCut } from './body.ts'
import { Deadline } from './deadline.ts'
import { AnsweredEarly, PeerFailed } from './errors.ts'
import { type ResponseHead, readResponseHead } from './head.ts'
import { type HeadFailure, Inbound, type InboundOwner } from './inbound.ts'
import { Outbound } from './outbound.ts'
import type { ReadingSocket, Receiver } from './socket-reading.ts'

/** Milliseconds. */
export interface ClientLimits {
  /** To a connection that can be used, name lookup and TLS included. */
  readonly connect: number
  /** From the request's last byte to the answer's first. */
  readonly answer: number
  /** From the first byte of an answer's head to its last. */
  readonly head: number
  /** An answer's body of which nothing comes, or which nobody begins to read. */
  readonly body: number
  /** A request of which the peer takes nothing. */
  readonly stall: number
  /** How long an unused connection is kept: less than any server keeps it, so that none is used while it closes. */
  readonly idle: number
}

/** An answer as it comes in: its head, and its body still on the wire. */
export interface Arrival {
  readonly head: ResponseHead
  /** Of a chunked body, the chunks as they are framed; their reader says `endBody` at the last. */
  readonly body: Body
  readonly endBody: (rest: Uint8Array) => void
}

const MAX_INTERIM_ANSWERS = 8

/** One connection to a peer, which serves one request after another. */
export class ClientConnection implements InboundOwner {
  readonly #limits: ClientLimits
  readonly #rested: (connection: ClientConnection) => void
  readonly #in: Inbound
  readonly #resting = new Deadline(() => this.fail(new PeerFailed('aborted', 'the connection was not used')))
  #socket!: net.Socket
  #out!: Outbound
  #failure: PeerFailed | undefined
  #used = false

  // One exchange.
  #method = ''
  #answer: PromiseWithResolvers<Arrival> | undefined
  #sent = false
  #keepAlive = true
  #interim = 0
  #continue: PromiseWithResolvers<boolean> | undefined

  /** @param rested called whenever an exchange is over and the connection may serve another */
  constructor(limits: ClientLimits, rested: (connection: ClientConnection) => void) {
    this.#limits = limits
    this.#rested = rested
    this.#in = new Inbound(this, limits)
  }

  get receiver(): Receiver {
    return this.#in
  }

  get out(): Outbound {
    return this.#out
  }

  /** Has answered a request before: it may be closing at this moment, through nobody's fault. */
  get used(): boolean {
    return this.#used
  }

  /** The answer's head has come, or none will. */
  get answered(): boolean {
    return this.#answer === undefined
  }

  /** Open, and silent: whatever a peer sends at rest belongs to no request. */
  get usable(): boolean {
    return this.#failure === undefined && !this.#in.keepsBytes
  }

  /**
   * @param reading of a connected socket
   * @param closed called once, when the connection cannot be used any more
   */
  begin(reading: ReadingSocket, closed: () => void): void {
    const { socket } = reading
    this.#socket = socket
    this.#out = new Outbound(socket, this.#limits.stall)
    this.#in.attach(reading)
    socket.on('error', error => this.fail(new PeerFailed('lost', 'the connection broke', error)))
    socket.on('close', () => {
      this.fail(new PeerFailed('lost', 'the peer closed the connection'))
      closed()
    })
  }

  /** From here on, the answer to a request may come at any time, even while the request goes out. */
  expectAnswer(method: string): Promise<Arrival> {
    this.#resting.clear()
    this.#method = method
    this.#answer = Promise.withResolvers()
    // Whoever sends hears of a failure by sending, and may never look at the answer.
    this.#answer.promise.catch(() => {})
    this.#sent = false
    this.#interim = 0
    this.#in.expectHead(NOT_YET)
    return this.#answer.promise
  }

  /** Resolves when the peer asks for the body, or answers without it; with false after `patience` milliseconds. */
  async expectContinue(patience: number): Promise<boolean> {
    this.#continue = Promise.withResolvers()
    const late = setTimeout(this.#continue.resolve, patience, false)
    try {
      return await this.#continue.promise
    } finally {
      clearTimeout(late)
      this.#continue = undefined
    }
  }

  /** The whole request was handed to the socket: an answer that comes now is not early. */
  requestSent(): void {
    this.#sent = true
  }

  /** The whole request is with the kernel: now the peer owes the answer. */
  awaitAnswer(): void {
    if (this.#answer !== undefined) this.#in.expectHead(this.#limits.answer)
  }

  /** Ends the connection whatever is under way; whoever waits is told. */
  fail(why: PeerFailed): void {
    if (this.#failure !== undefined) return
    this.#failure = why
    this.#resting.clear()
    this.#in.stop(new BodyCut('lost', why.message))
    this.#out.stop(why)
    this.#answer?.reject(why)
    this.#answer = undefined
    this.#continue?.reject(why)
    // A request that is not out whole ends in a reset: the peer must not take its beginning for the whole.
    if (this.#sent || this.#socket instanceof TLSSocket) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  // ---- what comes in

  head(bytes: Buffer, end: number): void {
    const head = readResponseHead(bytes, end, this.#method)
    if (head.status < 200) this.#passInterim(head.status)
    else this.#arrived(head)
  }

  /** RFC 9110 15.2: answers before the answer. Nobody asked for an upgrade, so 101 is a breach. */
  #passInterim(status: number): void {
    if (status === 101 || ++this.#interim > MAX_INTERIM_ANSWERS)
      throw new PeerFailed('malformed-answer', `the peer sent ${status} where an answer was due`)
    if (status === 100) this.#continue?.resolve(true)
    this.#in.expectHead(this.#sent ? this.#limits.answer : NOT_YET)
  }

  #arrived(head: ResponseHead): void {
    const length = head.length === 'chunked' ? Number.MAX_SAFE_INTEGER : head.length
    const { resolve } = this.#answer!
    this.#answer = undefined
    this.#used = true
    this.#keepAlive = head.keepAlive && this.#sent
    if (!this.#sent) this.#out.stop(new AnsweredEarly())
    this.#continue?.resolve(true)
    resolve({
      head,
      body: this.#in.expectBody(length, undefined, this.#limits.body),
      endBody: rest => this.#in.endBody(rest),
    })
    if (length === 0) this.bodyTaken()
  }

  headFailed(why: HeadFailure): void {
    if (why instanceof PeerFailed) this.fail(why)
    else if (why === 'timeout') this.fail(new PeerFailed('stalled', 'no answer came in time'))
    else this.fail(new PeerFailed('malformed-answer', 'the answer is no HTTP/1.1', why))
  }

  bodyTaken(): void {
    if (this.#keepAlive && this.usable) {
      this.#resting.set(this.#limits.idle)
      this.#rested(this)
    } else this.fail(new PeerFailed('aborted', 'the exchange is over'))
  }

  bodyFailed(): void {
    this.fail(new PeerFailed('aborted', 'the answer was not read to its end'))
  }

  ended(): void {
    this.fail(new PeerFailed('lost', 'the peer closed the connection'))
  }
}

/** While the request goes out the peer owes no answer; the stall limit watches over it. */
const NOT_YET = Number.MAX_SAFE_INTEGER
