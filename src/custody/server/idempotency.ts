import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CustodyError } from '../errors.ts'
import type { App } from './app.ts'

/** Calls that a script may ask again under one key. All others are taken once by what is signed in them. */
const REPEATABLE = new Set([
  '/v1/drafts',
  '/v1/proposals',
  '/v1/proposals/:id/execute',
  '/v1/rotations/kek',
  '/v1/rotations/epoch',
  '/v1/backups',
])
const DAY = 24 * 3_600_000
/** Answers that are kept, and characters of one. None of these calls answers with a secret. */
const [MANY, LONG] = [1000, 65_536]

interface Kept {
  readonly body: string
  readonly at: number
  /** Undefined while it is being carried out. */
  readonly answer?: { readonly status: number; readonly payload: string }
}

/**
 * Answers a call that was made already under the same `idempotency-key` as it was answered then, and does nothing:
 * whose connection broke asks again. Keys count for a day, until the custodian starts anew, for the same caller and
 * call; what was refused may be tried again under its key.
 *
 * @param now milliseconds since 1970
 */
export function answerOnce(app: App, now: () => number): void {
  const kept = new Map<string, Kept>()
  const names = new WeakMap<FastifyRequest, string>()

  app.addHook('preHandler', async (request: FastifyRequest, reply: FastifyReply) => {
    const key = request.headers['idempotency-key']
    if (key === undefined) return
    const { url = '' } = request.routeOptions
    if (typeof key !== 'string' || !/^[\w-]{16,128}$/.test(key))
      throw new CustodyError('Malformed', 'An idempotency key has 16 to 128 letters, digits, - and _.')
    if (!REPEATABLE.has(url))
      throw new CustodyError('Malformed', `${url} takes no idempotency key: what is signed counts once.`)
    const name = hash(request.method, request.url, request.headers.authorization ?? '', key)
    const body = bodyHash(request.body)
    const before = kept.get(name)
    if (before && now() - before.at < DAY) {
      if (before.body !== body)
        throw new CustodyError('Conflict', 'This idempotency key was used for another request.')
      if (!before.answer) throw new CustodyError('Conflict', 'The first request is still being carried out.')
      const { status, payload } = before.answer
      return await reply.status(status).type('application/json').send(payload)
    }
    if (kept.size >= MANY) kept.delete(kept.keys().next().value!)
    kept.set(name, { body, at: now() })
    names.set(request, name)
  })

  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const name = names.get(request)
    const begun = name === undefined ? undefined : kept.get(name)
    if (!begun) return payload
    const good = reply.statusCode < 300 && typeof payload === 'string' && payload.length <= LONG
    if (good) kept.set(name!, { ...begun, answer: { status: reply.statusCode, payload } })
    else kept.delete(name!)
    return payload
  })
}

/** Of a signed document, not of the signature: some keys sign the same text otherwise each time. */
function bodyHash(body: unknown): string {
  const { document } = (body ?? {}) as { readonly document?: unknown }
  return hash(typeof document === 'string' ? document : JSON.stringify(body ?? null))
}

function hash(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex')
}
