import { once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import type { StoreAlarm } from '../../../src/store/s3/open.ts'
import { type Findings, openS3Store, type S3Store, type S3StoreSettings } from '../../../src/store/s3/open.ts'

/** A request as it stood on the wire. */
export interface Seen {
  readonly line: string
  readonly headers: ReadonlyMap<string, string>
  /** What has come of the body. */
  readonly body: Buffer
  readonly socket: net.Socket
}

/** Bytes of an answer; `undefined` where the script writes to the socket itself, or never answers. */
export type Script = (request: Seen, count: number) => string | undefined

export const WELL: Findings = {
  clockSkew: 0,
  publishesShortPuts: false,
  objectForm: 'unsigned-trailer',
  partForm: 'unsigned-trailer',
  checksums: [],
  conditions: { put: true, complete: true, delete: true, 'copy-source': true },
}

export interface Scripted {
  readonly store: S3Store
  readonly seen: Seen[]
  readonly alarms: StoreAlarm[]
  readonly port: number
}

/**
 * A store that answers what the test says, and the client before it.
 * @param answerEarly asks the script as soon as the head has come, before the body
 */
export async function scripted(
  script: Script,
  settings: Partial<S3StoreSettings> = {},
  answerEarly = false,
): Promise<Scripted> {
  const seen: Seen[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let bytes: Buffer = Buffer.alloc(0)
    let current: { body: Buffer } | undefined
    socket.on('data', (piece: Buffer) => {
      if (answerEarly && current !== undefined) {
        current.body = Buffer.concat([current.body, piece])
        return
      }
      bytes = Buffer.concat([bytes, piece])
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const [line = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n')
      const headers = new Map(fields.map(field => field.split(': ', 2) as [string, string]))
      const length = answerEarly ? 0 : Number(headers.get('content-length') ?? 0)
      if (bytes.length < end + 4 + length) return
      const request = { line, headers, body: bytes.subarray(end + 4), socket }
      current = request
      bytes = Buffer.alloc(0)
      const reply = script(request, seen.push(request))
      if (reply !== undefined) socket.write(reply)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const alarms: StoreAlarm[] = []
  const store = await openS3Store({
    endpoint: new URL(`http://127.0.0.1:${port}`),
    region: 'us-east-1',
    addressing: 'path',
    credential: { accessKeyId: 'AK', secretAccessKey: 'SK' },
    findings: WELL,
    onAlarm: alarm => alarms.push(alarm),
    ...settings,
  })
  onTestFinished(async () => {
    await store.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { store, seen, alarms, port }
}

/** An answer with its length. */
export function answer(status: number, headers: Record<string, string> = {}, body = ''): string {
  const fields = { 'content-length': `${Buffer.byteLength(body)}`, ...headers }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${body}`
}

export const errorXml = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>the store's own words</Message>` +
  '<Endpoint>evil.example</Endpoint><HostId>host-id</HostId></Error>'

export const OBJECT = {
  etag: '"e-1"',
  'last-modified': 'Tue, 24 Nov 2026 08:00:00 GMT',
}
