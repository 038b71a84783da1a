import net from 'node:net'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { type FrontEvent, s3Front } from '../../../src/front/s3/front.ts'
import { Objects } from '../../../src/objects/objects.ts'
import { serve } from '../../../src/wire/server.ts'
import { EXAMPLE_KEY } from '../../../test/front/s3/harness.ts'
import { openRoom } from '../../../test/objects/harness.ts'
import { REQUEST_WORDS, REQUESTS } from '../requests.ts'
import { presign, sign } from '../sign.ts'
import { holds, refusing, type Target } from '../target.ts'

/**
 * Raw bytes on a connection to a front that listens, store and all. A line before them says how they are sent: `signed` and
 * `presigned` sign what they say, whatever it is; `raw` sends them as they are; `quiet` does so too and never
 * ends its side. Whatever comes, no answer is a 500, nothing is a defect, the connection ends, and the next
 * client is served.
 */
export async function open(): Promise<Target> {
  let ground = await openGround()
  let asked = 0
  return {
    seeds: [
      ...REQUESTS.flatMap(request => request.split('\0\0')).map(
        (request, i) => `${i % 4 === 0 ? 'presigned' : 'signed'}\n${request}`,
      ),
      ...REQUESTS.slice(7, 12).map(request => `raw\n${request}`),
      `quiet\n${REQUESTS[7]}`,
      'raw\nGET / HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HTTP/1.1\r\nhost: localhost\r\n\r\n',
      'raw\nPUT /photos/a HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello',
      'raw\n\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ],
    words: [
      ...REQUEST_WORDS,
      'signed\n',
      'presigned\n',
      'raw\n',
      'quiet\n',
      'HTTP/1.0',
      ' HTTP/1.1\r\nhost: localhost\r\n\r\n',
    ],
    longest: 8192,
    async run(input) {
      if (++asked % 20_000 === 0) {
        await ground.close()
        ground = await openGround()
      }
      await ground.send(input)
    },
    close: () => ground.close(),
  }
}

/** Milliseconds: long, so that a loaded machine makes no finding of an answer that is on its way. */
const PATIENCE = 120_000
const TIME = '2026-11-24T08:00:00Z'

async function openGround() {
  const { room, close } = await openRoom()
  const objects = new Objects(room)
  const defects: unknown[] = []
  const front = s3Front({
    objectsFor: () => objects,
    accessKeys: { find: id => (id === EXAMPLE_KEY.id ? { ...EXAMPLE_KEY, tenant: 'acme' } : undefined) },
    cors: room.registry.bucketCors(),
    region: 'us-east-1',
    baseDomains: ['s3.example.com'],
    announceEncryption: true,
    now: () => new Date(TIME),
    log: (event: FrontEvent) => event.event === 'defect' && defects.push(event.error),
  })
  const limits = { head: 40, idle: 40, body: 40, stall: 2_000, linger: 40 }
  const server = await serve({ listen: { host: '127.0.0.1', port: 0 }, ...front, limits })
  await objects.store.createBucket('photos', {})
  await objects.store.createBucket('locked', { objectLock: true })

  async function send(input: Buffer): Promise<void> {
    const text = input.toString('latin1')
    const way = text.slice(0, text.indexOf('\n'))
    const rest = text.slice(text.indexOf('\n') + 1)
    const request = way === 'signed' ? tried(sign, rest) : way === 'presigned' ? tried(presign, rest) : rest
    const answers = await exchange(Buffer.from(request, 'latin1'), way === 'quiet')
    if (defects.length > 0) throw defects[0]
    holds(!/^HTTP\/1\.1 500 /m.test(answers), 'a 500')
  }

  /** All that comes back until the server ends the connection. */
  async function exchange(bytes: Buffer, quiet: boolean): Promise<string> {
    const socket = net.connect({ port: server.address.port, host: '127.0.0.1', allowHalfOpen: true })
    let answers = ''
    socket.setEncoding('latin1').on('data', (piece: string) => {
      answers += piece
    })
    // A reset is an end too: what is refused while it still comes is cut.
    socket.on('error', () => {})
    const late = setTimeout(() => socket.destroy(new Error('late')), PATIENCE)
    if (quiet) socket.write(bytes)
    else socket.end(bytes)
    socket.once('end', () => socket.end())
    const began = performance.now()
    await new Promise(resolve => socket.once('close', resolve))
    clearTimeout(late)
    holds(performance.now() - began < PATIENCE, 'a connection was left open')
    return answers
  }

  return {
    send,
    async close() {
      await server.close(0)
      await close()
    },
  }
}

/** What cannot be signed, as its query cannot be read, goes as it is. */
const tried = (signing: (text: string) => string, text: string): string =>
  refusing(S3Error, () => signing(text)) ?? text
