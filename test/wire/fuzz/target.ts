import type { Sink } from '../../../src/wire/body.ts'
import { CappedCollector, Dechunker } from '../../../src/wire/chunked.ts'
import { PeerFailed, RequestRefused } from '../../../src/wire/errors.ts'
import { readRequestHead, readResponseHead } from '../../../src/wire/head.ts'
import { type HeadFailure, Inbound, type InboundOwner } from '../../../src/wire/inbound.ts'
import { SCRATCH } from '../../../src/wire/socket-reading.ts'

/** Whole numbers below `below`, the same ones for the same seed. */
export type Dice = (below: number) => number

export function dice(seed: number): Dice {
  let state = seed >>> 0
  return below => {
    // xorshift32; its quality is enough to choose bytes.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/**
 * Feeds one input to the readers, whole and cut into pieces in several ways, and compares what they made of
 * it: how bytes are split on their way must change nothing.
 *
 * @returns the outcome in words, by which a corpus tells new inputs from known ones
 * @throws Error where two ways disagree, or something was thrown that is no refusal
 */
export async function tryInput(input: Buffer, roll: Dice): Promise<string> {
  const outcomes: string[] = []
  for (const kind of ['request', 'response'] as const) {
    const whole = await read(kind, input, () => input.length, 'arrived')
    for (const way of ['arrived', 'scratch', 'direct'] as const) {
      const split = await read(kind, input, () => 1 + roll(1 + roll(64)), way)
      if (split !== whole) throw new Error(`${kind}, ${way}: ${split}\nbut whole: ${whole}`)
    }
    outcomes.push(whole)
  }
  return outcomes.join(' | ')
}

/** Reads as a connection does, request after request or answer after answer, and tells what it saw. */
async function read(
  kind: 'request' | 'response',
  input: Buffer,
  size: () => number,
  way: 'arrived' | 'scratch' | 'direct',
): Promise<string> {
  const peer = new Reader(kind)
  for (let at = 0; at < input.length && peer.reads; ) {
    let length = Math.min(size(), input.length - at)
    if (way === 'arrived') peer.in.arrived(input.subarray(at, at + length))
    else {
      const space = way === 'direct' ? peer.in.space() : SCRATCH
      if (way === 'scratch') peer.in.space()
      length = Math.min(length, space.length)
      space.set(input.subarray(at, at + length))
      if (way === 'direct') peer.in.filled(length)
      else peer.in.arrived(SCRATCH.subarray(0, length))
    }
    at += length
    await settled()
  }
  if (peer.reads) peer.in.ended()
  await settled()
  return peer.seen.join(' ')
}

/** Everything that promises have set in motion has happened. */
const settled = () => new Promise(resolve => setImmediate(resolve))

class Reader implements InboundOwner {
  readonly seen: string[] = []
  readonly in: Inbound
  readonly #kind: 'request' | 'response'
  reads = true

  constructor(kind: 'request' | 'response') {
    this.#kind = kind
    this.in = new Inbound(this, { head: 1e9, body: 1e9 })
    this.in.attach({ socket: undefined as never, resume: () => {}, withdraw: () => {} })
    this.in.expectHead(1e9)
  }

  head(bytes: Buffer, end: number): void {
    if (this.#kind === 'request') {
      const head = readRequestHead(bytes, end)
      this.seen.push(`${head.method}:${head.headers.pairs.length}:${head.length}`)
      this.#take(head.length)
    } else {
      const head = readResponseHead(bytes, end, 'GET')
      this.seen.push(`${head.status}:${head.headers.pairs.length}:${head.length}`)
      this.#take(head.length)
    }
  }

  #take(length: number | 'chunked'): void {
    if (length === 'chunked') this.#takeChunks()
    else this.#takeBytes(length)
  }

  #takeBytes(length: number): void {
    const memory = Buffer.alloc(5)
    let sum = 0
    let taken = 0
    const sink: Sink = {
      space: () => memory,
      filled: count => {
        for (const byte of memory.subarray(0, count)) sum = (sum * 31 + byte) >>> 0
        taken += count
        return taken % 3 === 0 ? Promise.resolve() : undefined
      },
    }
    this.in
      .expectBody(length)
      .readInto(sink)
      .then(
        () => {
          this.seen.push(`body:${taken}:${sum}`)
          this.in.expectHead(1e9)
        },
        error => this.#cut(error),
      )
  }

  #takeChunks(): void {
    const collector = new CappedCollector(1_000)
    const ended = (rest: Uint8Array) => this.in.endBody(rest)
    const malformed = (why: string) => new PeerFailed('malformed-answer', why)
    this.in
      .expectBody(Number.MAX_SAFE_INTEGER)
      .readInto(new Dechunker(collector, { ended, malformed }))
      .then(
        () => {
          this.seen.push(`chunks:${collector.bytes().toString('hex')}`)
          this.in.expectHead(1e9)
        },
        error => this.#cut(error),
      )
  }

  #cut(error: Error): void {
    this.reads = false
    this.seen.push(`cut:${known(error)}`)
  }

  headFailed(why: HeadFailure): void {
    this.reads = false
    this.seen.push(`refused:${why instanceof Error ? known(why) : why}`)
  }
  bodyTaken(): void {}
  bodyFailed(): void {}
  ended(): void {
    this.seen.push('end')
  }
}

function known(error: Error & { code?: string }): string {
  if (error instanceof RequestRefused || error instanceof PeerFailed || error.name === 'BodyCut')
    return error.code!
  throw error
}
