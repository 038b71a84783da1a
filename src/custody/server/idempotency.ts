import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { findAnswer, keepAnswer } from '../../registry/custody/answer-rows.ts'
import type { Custody } from '../custody.ts'
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
/** Characters of an answer that is kept. None of these calls answers with a secret. */
const LONG = 65_536

/** What is being carried out, by the names of the requests. */
interface Begun {
  readonly call: string
  readonly asked: string
}

/**
 * Answers a call that was made already under the same `idempotency-key` as it was answered then, and does nothing:
 * whose connection broke asks again. Answers are kept in the registry for a day, for the same caller and call, so
 * that a custodian that started anew and a standby that took over give them too. What was refused may be tried again
 * under its key.
 */
export function answerOnce(app: App, { registry, now }: Pick<Custody, 'registry' | 'now'>): void {
  const begun = new WeakMap<FastifyRequest, Begun>()
  const running = new Set<string>()

  app.addHook('preHandler', async (request: FastifyRequest, reply: FastifyReply) => {
    const key = request.headers['idempotency-key']
    if (key === undefined) return
    const { url = '' } = request.routeOptions
    if (typeof key !== 'string' || !/^[\w-]{16,128}$/.test(key))
      throw new CustodyError('Malformed', 'An idempotency key has 16 to 128 letters, digits, - and _.')
    if (!REPEATABLE.has(url) || request.headers.authorization?.startsWith('Signed '))
      throw new CustodyError('Malformed', `${url} takes no idempotency key: what is signed counts once.`)
    if ((request.body as { dryRun?: boolean } | undefined)?.dryRun) return
    const call = hash(request.method, request.url, request.headers.authorization ?? '', key)
    const asked = bodyHash(request.body)
    if (running.has(call)) throw new CustodyError('Conflict', 'The first request is still being carried out.')
    // Before the registry is asked: whoever comes meanwhile must find it here.
    running.add(call)
    begun.set(request, { call, asked })
    const before = await findAnswer(registry, call, now())
    if (!before) return
    begun.delete(request)
    running.delete(call)
    if (before.asked !== asked)
      throw new CustodyError('Conflict', 'This idempotency key was used for another request.')
    return await reply.status(before.status).type('application/json').send(before.answer)
  })

  app.addHook('onSend', async (request: FastifyRequest, { statusCode }, payload: unknown) => {
    const one = begun.get(request)
    if (!one) return payload
    const { call, asked } = one
    const good = statusCode < 300 && typeof payload === 'string' && payload.length <= LONG
    // Where it cannot be kept, whoever gets the answer now needs not ask again.
    if (good)
      await keepAnswer(registry, { call, asked, status: statusCode, answer: payload, at: now() }).catch(
        () => {},
      )
    running.delete(call)
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
