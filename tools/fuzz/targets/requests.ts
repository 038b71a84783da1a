import { type FrontEvent, s3Front } from '../../../src/front/s3/front.ts'
import { Objects } from '../../../src/objects/objects.ts'
import { RequestRefused } from '../../../src/wire/errors.ts'
import type { Fields, Reply, ReplyBody } from '../../../src/wire/exchange.ts'
import { endOfHead, readRequestHead } from '../../../src/wire/head.ts'
import { bodyOf } from '../../../test/front/s3/harness.ts'
import { openRoom } from '../../../test/objects/harness.ts'
import { REQUEST_WORDS, REQUESTS } from '../requests.ts'
import { holds, refusing, type Target } from '../target.ts'

/**
 * Requests to every operation, over sealed objects in a directory: anybody may do anything, so that nothing
 * stands between an input and the operation. Each is answered once, and never by a 500.
 */
export async function open(): Promise<Target> {
  let ground = await openGround()
  let asked = 0
  return {
    seeds: REQUESTS,
    words: REQUEST_WORDS,
    longest: 8192,
    async run(input) {
      // What earlier inputs left must neither grow for ever nor become a world of its own.
      if (++asked % 20_000 === 0) {
        await ground.close()
        ground = await openGround()
      }
      // One input is one request, or several, behind an empty line of two NUL.
      for (const text of input.toString('latin1').split('\0\0').slice(0, 4))
        await ground.ask(Buffer.from(text, 'latin1'))
    },
    close: () => ground.close(),
  }
}

const EVERYTHING = {
  tenant: 'acme',
  grants: [{ buckets: ['*'], actions: ['read', 'write', 'delete', 'list', 'configure', 'manage'] as const }],
}
const NOW = new Date('2026-11-24T08:00:00Z')

async function openGround() {
  const { room, close } = await openRoom()
  const objects = new Objects(room)
  const defects: unknown[] = []
  const { handler } = s3Front({
    objectsFor: () => objects,
    accessKeys: { find: () => undefined },
    cors: room.registry.bucketCors(),
    region: 'us-east-1',
    baseDomains: ['s3.example.com'],
    announceEncryption: true,
    anonymous: EVERYTHING,
    now: () => NOW,
    log: (event: FrontEvent) => event.event === 'defect' && defects.push(event.error),
  })
  const ask = async (input: Buffer): Promise<void> => {
    const end = endOfHead(input, 0, input.length)
    const head =
      typeof end === 'number' ? refusing(RequestRefused, () => readRequestHead(input, end)) : undefined
    if (head === undefined) return
    const reply = new Answer()
    const body = bodyOf(input.subarray(end as number), [input.length, 5, 1])
    const { method, target, headers } = head
    try {
      await handler({ method, target, headers, body, remoteAddress: '127.0.0.1', secure: false }, reply)
    } catch (error) {
      // What has begun cannot become an error any more; the wire cuts it.
      if (!reply.started) throw error
    }
    if (defects.length > 0) throw defects[0]
    holds(reply.status !== 0, 'no answer')
    holds(reply.status !== 500, 'a 500')
  }
  await objects.store.createBucket('photos', {})
  await objects.store.createBucket('locked', { objectLock: true })
  return { ask, close }
}

class Answer implements Reply {
  status = 0

  get started(): boolean {
    return this.status !== 0
  }

  async send(status: number, fields: Fields, body: Uint8Array): Promise<void> {
    this.#begin(status, fields)
    holds(body.length < 1 << 24, 'an answer without end')
  }

  stream(status: number, fields: Fields, length: number): ReplyBody {
    this.#begin(status, fields)
    let written = 0
    return {
      write(pieces) {
        for (const piece of pieces) written += piece.length
        return undefined
      },
      async end() {
        holds(written === length, `${written} bytes where ${length} were announced`)
      },
      cut() {},
    }
  }

  streamChunked(status: number, fields: Fields): ReplyBody {
    this.#begin(status, fields)
    return { write: () => undefined, end: async () => {}, cut() {} }
  }

  #begin(status: number, fields: Fields): void {
    holds(this.status === 0, 'two answers')
    holds(Number.isInteger(status) && status >= 200 && status < 600, `status ${status}`)
    for (const [name, value] of fields)
      holds(
        FIELD_NAME.test(name) && !NO_FIELD_VALUE.test(value),
        `the field ${name}: ${JSON.stringify(value)}`,
      )
    this.status = status
  }
}

/** A token in lower case (RFC 9110 5.6.2): names of metadata are the client's. */
const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 9110 5.5 has none of them in a value
const NO_FIELD_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/
