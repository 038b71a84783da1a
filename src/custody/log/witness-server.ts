import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { join } from 'node:path'
import { writeDurably } from './files.ts'
import type { Witness, WitnessStore } from './witness.ts'
import { MAX_REQUEST } from './witness-protocol.ts'

/** Keeps a witness's heads as files, one a log. */
export function witnessFiles(directory: string): WitnessStore {
  const path = (origin: string) => join(directory, createHash('sha256').update(origin).digest('hex'))
  return {
    async load(origin) {
      try {
        return await readFile(path(origin), 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async save(origin, note) {
      await writeDurably(path(origin), note)
    },
  }
}

/** Serves a witness, by TLS where a key and a certificate are given. */
export function serveWitness(witness: Witness, tls?: ServerOptions): Server {
  const listener: RequestListener = async (request, response) => {
    try {
      const body = await readBody(request)
      const answer = body
        ? await witness.answer(request.method ?? '', request.url ?? '', body)
        : { status: 413, type: 'text/plain', body: `at most ${MAX_REQUEST} bytes\n` }
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body)
    } catch {
      response.writeHead(500, { 'content-type': 'text/plain' }).end('the witness could not keep the head\n')
    }
  }
  const limits = {
    headersTimeout: 10_000,
    requestTimeout: 20_000,
    keepAliveTimeout: 90_000,
    maxHeaderSize: 8192,
  }
  return tls
    ? createTlsServer({ ...tls, ...limits, minVersion: 'TLSv1.3' }, listener)
    : createServer(limits, listener)
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_REQUEST) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
