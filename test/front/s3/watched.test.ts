import { describe, expect, test } from 'vitest'
import { OPERATIONS } from '../../../src/front/s3/operations/all.ts'
import { escortedIntent, Watched } from '../../../src/front/s3/watched.ts'
import type { Body, Sink } from '../../../src/wire/body.ts'
import type { Reply, ReplyBody, Request } from '../../../src/wire/exchange.ts'

/** A request with a body of the given pieces, and a reply that keeps what is said. */
function begin(pieces: readonly string[] = []) {
  const ending = new AbortController()
  const said: string[] = []
  const told: unknown[] = []
  const body: Body = {
    length: pieces.join('').length,
    async readInto(sink: Sink) {
      for (const piece of pieces) {
        sink.space().set(Buffer.from(piece))
        await sink.filled(piece.length)
      }
    },
    discard: () => {},
  }
  const stream: ReplyBody = {
    write: written => void said.push(...written.map(String)),
    end: async () => void said.push('end'),
    cut: () => void said.push('cut'),
  }
  const reply: Reply = {
    started: false,
    send: async status => void said.push(`${status}`),
    stream: () => stream,
    streamChunked: () => stream,
  }
  const request = { method: 'PUT', target: '/b/k', body, remoteAddress: '192.0.2.1' } as unknown as Request
  const escorted = { ended: ending.signal, answered: async (answer: unknown) => void told.push(answer) }
  return { watched: new Watched(request, reply, escorted), end: () => ending.abort(), said, told }
}

const bytes = (text: string) => [Buffer.from(text)]

describe('a request under an escort', () => {
  test('is counted, both ways', async () => {
    const { watched, said, told } = begin(['abc', 'de'])
    const taken: string[] = []
    const space = new Uint8Array(8)
    await watched.request.body.readInto({
      space: () => space,
      filled: length => void taken.push(Buffer.from(space.subarray(0, length)).toString()),
    })
    const body = watched.reply.stream(200, [], 6)
    await body.write(bytes('1234'))
    await body.write(bytes('56'))
    await body.end()
    await watched.answered()
    expect([taken, said]).toEqual([
      ['abc', 'de'],
      ['1234', '56', 'end'],
    ])
    expect(told).toEqual([{ status: 200, received: 5, sent: 6 }])
  })

  test('is cut when the access ends, also while nothing is written', async () => {
    const { watched, end, said } = begin()
    const body = watched.reply.stream(200, [], 6)
    await body.write(bytes('12'))
    end()
    expect(said).toEqual(['12', 'cut'])
    expect(() => body.write(bytes('34'))).toThrow(/has ended/)
  })

  test('is answered by 403 where the access ended before its answer began', async () => {
    const { watched, end, said, told } = begin(['abc'])
    end()
    const denied = expect.objectContaining({ code: 'AccessDenied' })
    await expect(watched.reply.send(200, [], bytes('x')[0]!)).rejects.toEqual(denied)
    expect(() => watched.reply.streamChunked(200, [])).toThrow(denied)
    const sink = { space: () => new Uint8Array(8), filled: () => undefined }
    await expect(watched.request.body.readInto(sink)).rejects.toEqual(denied)
    watched.failed(403)
    await watched.answered()
    expect(said).toEqual([])
    expect(told).toMatchObject([{ status: 403 }])
  })

  test('is beyond every escort where its address does not name all that it touches', () => {
    const within = OPERATIONS.filter(operation => {
      const { action } = operation
      const intent = action && operation.on !== 'service' ? { action, bucket: 'b', key: 'k' } : undefined
      return escortedIntent(operation, intent, '192.0.2.1').action !== 'beyond'
    }).map(({ name }) => name)
    for (const name of [
      'GetObject',
      'HeadObject',
      'PutObject',
      'UploadPart',
      'DeleteObject',
      'ListObjectsV2',
    ])
      expect(within).toContain(name)
    const beyond = [
      'CopyObject',
      'UploadPartCopy',
      'DeleteObjects',
      'PostObject',
      'ListBuckets',
      'CreateBucket',
      'DeleteBucket',
    ]
    for (const name of [...beyond, 'PutBucketPolicy', 'PutBucketVersioning', 'PutBucketCors'])
      expect(within).not.toContain(name)
  })
})
