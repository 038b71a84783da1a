import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { onTestFinished } from 'vitest'
import { errorXml } from './scripted-store.ts'

/** What a store of the real world may do wrong. */
export type Flaw =
  | 'publishes short PUTs'
  | 'ignores If-Match on PUT'
  | 'ignores If-None-Match on PUT'
  | 'ignores conditions on Complete'
  | 'ignores conditions on DELETE'
  | 'ignores conditions on copies'
  | 'refuses unsigned trailers'
  | 'refuses all trailers'
  | 'refuses trailers on parts'
  | 'knows no MD5 behind an object'
  | 'lets nobody create buckets'

/** A store with flaws, that knows one object; where it is, and what it was asked. */
export async function flawedStore(...flaws: Flaw[]): Promise<{ endpoint: URL; requests: string[] }> {
  const store = new OneObject(new Set(flaws))
  const requests: string[] = []
  const server = http.createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    let length = 0
    try {
      for await (const piece of request) length += (piece as Buffer).length
    } catch {
      store.cut(length)
      return
    }
    const answer = store.answer(request)
    const [status, body] = typeof answer === 'string' ? refusals[answer] : [200, answer.body ?? '']
    response.writeHead(status, {
      etag: '"e"',
      'last-modified': new Date().toUTCString(),
      ...(request.method === 'HEAD' && { 'content-length': store.length ?? 0 }),
    })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: new URL(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`), requests }
}

const refusals = {
  missing: [404, ''],
  condition: [412, errorXml('PreconditionFailed')],
  form: [400, errorXml('InvalidRequest')],
  denied: [403, errorXml('AccessDenied')],
} as const

class OneObject {
  readonly #flaws: ReadonlySet<Flaw>
  length: number | undefined

  constructor(flaws: ReadonlySet<Flaw>) {
    this.#flaws = flaws
  }

  cut(length: number): void {
    if (this.#flaws.has('publishes short PUTs')) this.length = length
  }

  answer({ method, url = '', headers }: http.IncomingMessage): keyof typeof refusals | { body?: string } {
    const [path = '', query = ''] = url.split('?')
    const form = `${headers['x-amz-content-sha256']}`
    if (path === '/') return { body: '<R><Buckets/></R>' }
    if (!path.includes('/', 1))
      return method === 'PUT' && this.#flaws.has('lets nobody create buckets') ? 'denied' : {}
    if (this.#refusesForm(form, query.startsWith('partNumber'))) return 'form'
    if (headers['x-amz-trailer'] === 'x-amz-checksum-md5' && this.#flaws.has('knows no MD5 behind an object'))
      return 'form'
    if (query === 'uploads=') return { body: '<R><UploadId>u</UploadId></R>' }
    if (query !== '')
      return headers['if-none-match'] !== undefined && this.#obeys('Complete') ? 'condition' : DONE
    if (method === 'HEAD') return this.length === undefined ? 'missing' : {}
    if (headers['x-amz-copy-source'] !== undefined) return this.#obeys('copies') ? 'condition' : DONE
    const ifMatch = method === 'PUT' ? 'If-Match on PUT' : 'conditions on DELETE'
    if (headers['if-match'] !== undefined && !this.#flaws.has(`ignores ${ifMatch}`)) return 'condition'
    if (headers['if-none-match'] !== undefined && !this.#flaws.has('ignores If-None-Match on PUT'))
      return 'condition'
    this.length = method === 'PUT' ? Number(headers['x-amz-decoded-content-length']) : undefined
    return {}
  }

  #obeys(request: 'Complete' | 'copies'): boolean {
    return !this.#flaws.has(`ignores conditions on ${request}`)
  }

  #refusesForm(form: string, isPart: boolean): boolean {
    if (!form.endsWith('TRAILER')) return false
    if (this.#flaws.has('refuses all trailers') || (isPart && this.#flaws.has('refuses trailers on parts')))
      return true
    return form === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' && this.#flaws.has('refuses unsigned trailers')
  }
}

/** What Copy and Complete answer. */
const DONE = { body: '<R><ETag>e</ETag><LastModified>2026-11-24T08:00:00Z</LastModified></R>' }
