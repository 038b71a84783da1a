import type { Body } from './body.ts'
import { CappedCollector, Dechunker } from './chunked.ts'
import type { Arrival } from './client-connection.ts'
import { PeerFailed } from './errors.ts'
import type { Headers } from './exchange.ts'
import { collect } from './sinks.ts'

/** A peer's answer, as whoever asked sees it. */
export interface Response {
  readonly status: number
  readonly headers: Headers
  /** The body, where its length was announced; a chunked one can only be collected. */
  readonly body: Body | undefined
  /**
   * The body as one buffer.
   * @throws PeerFailed `answer-too-large` for more than `cap` bytes, BodyCut where it did not come whole
   */
  collect(cap: number): Promise<Buffer>
  /** Gives up on the body; the connection is closed. */
  discard(): void
}

export function responseOf({ head, body, endBody }: Arrival): Response {
  return {
    status: head.status,
    headers: head.headers,
    body: head.length === 'chunked' ? undefined : body,
    collect: async cap => {
      if (head.length === 'chunked') {
        const collector = new CappedCollector(cap)
        await body.readInto(new Dechunker(collector, { ended: endBody, malformed }))
        return collector.bytes()
      }
      if (head.length > cap) {
        body.discard()
        throw new PeerFailed('answer-too-large', `the answer is larger than ${cap} bytes`)
      }
      return await collect(body)
    },
    discard: () => body.discard(),
  }
}

const malformed = (why: string) => new PeerFailed('malformed-answer', `the answer is malformed: ${why}`)
