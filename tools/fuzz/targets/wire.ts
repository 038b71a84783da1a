import { crc32 } from 'node:zlib'
import type { Sink } from '../../../src/wire/body.ts'
import { CappedCollector, Dechunker } from '../../../src/wire/chunked.ts'
import { PeerFailed, RequestRefused } from '../../../src/wire/errors.ts'
import { readRequestHead, readResponseHead } from '../../../src/wire/head.ts'
import { type HeadFailure, Inbound, type InboundOwner } from '../../../src/wire/inbound.ts'
import { SCRATCH } from '../../../src/wire/socket-reading.ts'
import { get, lines, REFUSED } from '../../../test/wire/refused-heads.ts'
import { dice, holds, type Target } from '../target.ts'

/**
 * The readers of HTTP, for requests and for answers: an input is read whole and cut into pieces in several ways,
 * and how bytes are split on their way changes nothing.
 */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 4096, run })

const SEEDS = [
  get() + get(),
  `${lines('PUT /a HTTP/1.1', 'Host: h', 'Content-Length: 12')}hello, world${get()}`,
  `${lines('HTTP/1.1 200 OK', 'Content-Length: 12')}hello, world${lines('HTTP/1.1 204 No Content')}`,
  `${lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n${lines('HTTP/1.1 304 Not Modified')}`,
  `${lines('PUT /a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n${get()}`,
  ...REFUSED.map(([, text]) => text),
]

const WORDS = [
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  ': ',
  ':',
  ' ',
  '\t',
  '\0',
  '0',
  '5',
  '0\r\n\r\n',
  ',',
  ';',
  'Host: h\r\n',
  'Content-Length: ',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  ' HTTP/1.1\r\n',
  ' HTTP/1.0\r\n',
  'HTTP/1.1 200 OK\r\n',
  'GET ',
  '/',
  'http://h/',
  '\xff',
  '#',
  '[::1]',
  'chunked',
  'ffffffffffff',
]

async function run(input: Buffer): Promise<void> {
  // The same pieces for the same input, so that a finding can be found again.
  const roll = dice(crc32(input))
  for (const kind of ['request', 'response'] as const) {
    const whole = await read(kind, input, () => input.length, 'arrived')
    for (const way of ['arrived', 'scratch', 'direct'] as const) {
      const split = await read(kind, input, () => 1 + roll(1 + roll(64)), way)
      holds(split === whole, `${kind}, ${way}: ${split}\nbut whole: ${whole}`)
    }
  }
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
