import { type Body, BodyCut, type Sink } from './body.ts'
import { Deadline } from './deadline.ts'
import { endOfHead, MAX_HEAD } from './head.ts'
import { type BodySource, InboundBody } from './inbound-body.ts'
import { KeptBytes } from './kept-bytes.ts'
import { type ReadingSocket, type Receiver, SCRATCH } from './socket-reading.ts'

/** Milliseconds. */
export interface InboundLimits {
  /** From a head's first byte to its last. */
  readonly head: number
  /** Between two reads of a body. A body as a whole has no limit: uploads take hours. */
  readonly body: number
}

/** Whose connection it is. */
export interface InboundOwner {
  /** A whole head stands in `bytes[0, end)`, valid until this returns. Throws what is wrong with it. */
  head(bytes: Buffer, end: number): void
  /** What came is no head, or did not come in time, or `head` threw. */
  headFailed(why: HeadFailure): void
  /** The whole body was taken. */
  bodyTaken(): void
  /** The body was not and will not be read to its end. Its reader has been told. */
  bodyFailed(why: unknown): void
  /** The peer will send no more, and what it sent holds no whole head. A body's reader hears of it by itself. */
  ended(): void
}
export type HeadFailure = 'malformed' | 'too-large' | 'timeout' | Error

/**
 * What comes in on one connection: heads and bodies, one after another. A body goes from the kernel straight
 * into its sink, but for what arrived before anybody asked for it: at most two reads, then reading pauses.
 */
export class Inbound implements Receiver, BodySource {
  readonly #owner: InboundOwner
  readonly #limits: InboundLimits
  readonly #deadline = new Deadline(() => this.#expired())
  readonly #kept = new KeptBytes()
  #reading: ReadingSocket | undefined
  #paused = false
  /** Set when no more bytes will come. */
  #over: BodyCut | undefined

  #expectsHead = false
  /** How far the kept bytes were searched for a head's end. */
  #searched = 0

  #body: InboundBody | undefined
  /** Bytes of the body that were not delivered yet. */
  #left = 0
  /** What was delivered to the sink and belongs behind the body. */
  #rest: Uint8Array | undefined
  #sink: Sink | undefined
  /** The sink asked to be waited for. */
  #waiting = false
  /** The memory that the next read fills is the sink's. */
  #direct = false

  constructor(owner: InboundOwner, limits: InboundLimits) {
    this.#owner = owner
    this.#limits = limits
  }

  /** To be called once, before the first byte can come. */
  attach(reading: ReadingSocket): void {
    this.#reading = reading
  }

  /** Bytes of the current body that nobody took. */
  get left(): number {
    return this.#left
  }

  /** The peer has sent what nobody asked for: on a connection at rest that breaks the protocol. */
  get keepsBytes(): boolean {
    return !this.#kept.empty
  }

  /** @param quiet milliseconds until the head's first byte must have come; the rest has its own limit */
  expectHead(quiet: number): void {
    this.#expectsHead = true
    this.#searched = 0
    this.#deadline.set(quiet)
    if (!this.#kept.empty) this.#searchKept()
    if (this.#over !== undefined && this.#expectsHead) this.#owner.ended()
    else this.#resume()
  }

  /**
   * What follows is a body of `length` bytes.
   * @param onRead called when somebody begins to read it
   * @param unread milliseconds after which it fails if nobody has begun
   */
  expectBody(length: number, onRead: () => void = nothing, unread = Number.POSITIVE_INFINITY): Body {
    if (this.#sink !== undefined)
      this.#failBody(new BodyCut('discarded', 'the exchange it belonged to is over'))
    if (length > 0 && unread < Number.POSITIVE_INFINITY) this.#deadline.set(unread)
    this.#left = length
    this.#body = length === 0 ? undefined : new InboundBody(this, length, onRead)
    return this.#body ?? NO_BODY
  }

  /**
   * For a body whose end stands in the body, to be called by its sink: what was delivered last was the end.
   * @param rest what was delivered behind it; a copy, since it stood in the sink's memory
   */
  endBody(rest: Uint8Array): void {
    this.#left = 0
    this.#rest = rest
  }

  /** Nothing more is expected or kept, since the connection is gone. */
  stop(why: BodyCut): void {
    this.#over = why
    this.#expectsHead = false
    this.#kept.clear()
    this.#deadline.clear()
    this.#failBody(why)
  }

  // ---- what the socket calls

  space(): Uint8Array {
    // Kept bytes go into the sink first: until then, its space is theirs.
    const space = this.#left > 0 && this.#kept.empty ? this.#sinkSpace() : undefined
    this.#direct = space !== undefined
    return space ?? SCRATCH
  }

  filled(length: number): boolean {
    if (!this.#direct) return this.arrived(SCRATCH.subarray(0, length))
    this.#direct = false
    this.#delivered(length)
    this.#kept.add(this.#takeRest())
    return this.#goOn()
  }

  arrived(bytes: Buffer): boolean {
    if (this.#over !== undefined) return true
    if (this.#expectsHead) {
      this.#searchNew(bytes)
      return true
    }
    if (this.#sink === undefined || this.#waiting) {
      this.#kept.add(bytes)
      return this.#pause()
    }
    this.#kept.add(bytes.subarray(this.#pour(bytes)))
    return this.#goOn()
  }

  ended(): void {
    if (this.#over !== undefined) return
    this.#over = new BodyCut('ended', 'the peer closed the connection before its end')
    // A reader that is held back may still find the rest of its body among the kept bytes.
    if (this.#sink !== undefined && !this.#waiting) this.#failBody(this.#over)
    this.#owner.ended()
  }

  // ---- heads

  #searchNew(bytes: Buffer): void {
    if (!this.#kept.empty) {
      this.#kept.add(bytes)
      this.#searchKept()
      return
    }
    const end = endOfHead(bytes, 0, Math.min(bytes.length, MAX_HEAD))
    this.#kept.add(typeof end === 'number' ? bytes.subarray(end) : bytes)
    this.#headSearched(bytes, end)
  }

  #searchKept(): void {
    const bytes = this.#kept.view()
    const end = endOfHead(bytes, this.#searched, Math.min(bytes.length, MAX_HEAD))
    if (typeof end === 'number') this.#kept.drop(end)
    this.#headSearched(bytes, end)
  }

  #headSearched(bytes: Buffer, end: number | 'incomplete' | 'malformed'): void {
    if (end === 'malformed') this.#headFailed('malformed')
    else if (end !== 'incomplete') this.#headFound(bytes, end)
    else if (bytes.length >= MAX_HEAD) this.#headFailed('too-large')
    else {
      if (this.#searched === 0) this.#deadline.set(this.#limits.head)
      this.#searched = bytes.length
    }
  }

  #headFound(bytes: Buffer, end: number): void {
    this.#expectsHead = false
    this.#deadline.clear()
    try {
      this.#owner.head(bytes, end)
    } catch (error) {
      this.#headFailed(error as Error)
    }
  }

  #headFailed(why: HeadFailure): void {
    this.#expectsHead = false
    this.#deadline.clear()
    this.#owner.headFailed(why)
  }

  // ---- bodies

  /** @internal called by the body when its reader comes */
  beginBody(body: InboundBody, sink: Sink): void {
    if (body !== this.#body) {
      body.failed(this.#over ?? new BodyCut('discarded', 'it was given up before'))
      return
    }
    this.#sink = sink
    this.#pourKept()
    if (this.#goOn()) this.#resume()
  }

  /** @internal called by the body when its reader gives up */
  discardBody(body: InboundBody): void {
    if (body !== this.#body) return
    this.#failBody(new BodyCut('discarded', 'its reader gave up'))
  }

  /** Copies what the sink takes; returns how much that was. */
  #pour(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length && this.#left > 0 && this.#sink !== undefined && !this.#waiting) {
      const space = this.#sinkSpace()
      if (space === undefined) break
      const length = Math.min(space.length, bytes.length - at)
      space.set(bytes.subarray(at, at + length))
      at += length
      this.#delivered(length)
      at -= this.#takeRest().length
    }
    return at
  }

  /** Where the body's next bytes go, never more than it has left. */
  #sinkSpace(): Uint8Array | undefined {
    try {
      const space = this.#sink?.space()
      if (space?.length === 0) throw new RangeError('a sink offered no space')
      return space === undefined || space.length <= this.#left ? space : space.subarray(0, this.#left)
    } catch (error) {
      this.#failBody(error)
      return undefined
    }
  }

  #takeRest(): Uint8Array {
    const rest = this.#rest ?? NOTHING
    this.#rest = undefined
    return rest
  }

  #pourKept(): void {
    if (!this.#kept.empty) this.#kept.drop(this.#pour(this.#kept.view()))
  }

  #delivered(length: number): void {
    this.#left -= length
    const sink = this.#sink!
    let wait: Promise<void> | undefined
    try {
      wait = sink.filled(length)
    } catch (error) {
      this.#failBody(error)
      return
    }
    if (wait !== undefined) this.#waitFor(wait, sink)
  }

  #waitFor(wait: Promise<void>, sink: Sink): void {
    this.#waiting = this.#sink === sink
    wait.then(
      () => {
        if (this.#sink !== sink) return
        this.#waiting = false
        this.#pourKept()
        if (this.#goOn()) this.#resume()
      },
      error => {
        if (this.#sink === sink) this.#failBody(error)
      },
    )
  }

  /** What follows a delivery: whether to read on, and where a reader now waits for the peer, until when. */
  #goOn(): boolean {
    if (this.#sink === undefined) return this.#left === 0 || this.#pause()
    if (this.#waiting) {
      this.#deadline.clear()
      return this.#pause()
    }
    if (this.#left === 0) {
      this.#finishBody()
      return true
    }
    if (this.#over !== undefined) {
      this.#failBody(this.#over)
      return this.#pause()
    }
    this.#deadline.set(this.#limits.body)
    return true
  }

  #finishBody(): void {
    const body = this.#body!
    this.#endReading()
    body.taken()
    this.#owner.bodyTaken()
    this.#resume()
  }

  #failBody(why: unknown): void {
    const body = this.#body
    if (body === undefined) return
    this.#endReading()
    // The sink's memory may serve somebody else from now on: no read may go there any more.
    if (this.#direct) this.#reading!.withdraw()
    this.#direct = false
    body.failed(why)
    this.#owner.bodyFailed(why)
  }

  #endReading(): void {
    this.#sink = undefined
    this.#body = undefined
    this.#waiting = false
    this.#deadline.clear()
  }

  // ---- pace

  #pause(): false {
    this.#paused = true
    return false
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#reading!.resume()
  }

  #expired(): void {
    if (this.#expectsHead) {
      this.#headFailed('timeout')
      return
    }
    this.#failBody(new BodyCut('stalled', 'nothing came in time'))
  }
}

const nothing = () => {}
const NOTHING = new Uint8Array(0)

/** A body without bytes touches no connection, which may long serve another request. */
const NO_BODY: Body = { length: 0, readInto: () => Promise.resolve(), discard: nothing }
