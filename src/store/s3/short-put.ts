import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import type { Connection } from './connection.ts'
import { formFields, framingOf } from './framing.ts'
import { CRC32 } from './trailing-checksum.ts'

const PATIENCE = 30_000
const ANNOUNCED = 65_536

/**
 * Sends the beginning of a PUT, then closes this side of the connection as a proxy that dies would, and waits
 * until the store has closed the other: by then it has done with the request whatever it does with it.
 */
export async function putCutShort(
  connection: Connection,
  bucket: string,
  key: string,
  trust: tls.SecureContextOptions,
): Promise<void> {
  const { origin, host, path } = connection.targets.locate(bucket, key)
  const { protocol, hostname, port } = new URL(origin)
  const form = connection.abilities.objectForm
  const { payload, fields } = formFields(form, ANNOUNCED, CRC32)
  const signed = connection.signer.sign(
    { method: 'PUT', path, query: '', host, headers: fields, payload },
    new Date(),
  )
  const framing = framingOf(form, ANNOUNCED, CRC32, signed.chunks)
  const lines = [['host', host], ['content-length', `${framing.contentLength}`], ...signed.headers]
  const head = `PUT ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`

  const at = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  }
  // RFC 6066 section 3: an address is no server name.
  const named = net.isIP(at.host) === 0 ? { servername: at.host } : {}
  const socket = protocol === 'https:' ? tls.connect({ ...at, ...trust, ...named }) : net.connect(at)
  socket.setTimeout(PATIENCE, () => socket.destroy()).resume()
  // A store may well reset a connection that it was cut off on.
  socket.on('error', () => {})
  socket.write(head)
  for (const piece of framing.frame([Buffer.alloc(ANNOUNCED / 2)])) socket.write(piece)
  socket.end()
  if (!socket.closed) await once(socket, 'close')
}
