import { constants } from 'node:crypto'
import type { Server } from 'node:https'
import swagger from '@fastify/swagger'
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  fastify,
  type RouteOptions,
} from 'fastify'
import type { Logger } from 'pino'
import { CustodyError, REFUSALS } from '../errors.ts'
import { ANSWERS, RefusalAnswer, WouldAnswer } from './answers.ts'
import type { ServerIdentity } from './identity.ts'

export type App = FastifyInstance<Server>

/** Bytes of a request's body, at most. */
const BODY = 64 * 1024

/**
 * A listener of the custodian: TLS 1.3 to the very process, small bodies, strict schemas, refusals with a
 * stable code and a sentence. `/v1/openapi.json` tells its interface.
 */
export async function custodyApp(identity: ServerIdentity, title: string, logger: Logger): Promise<App> {
  const app = fastify({
    https: {
      ...secureContext(identity),
      minVersion: 'TLSv1.3',
      requestCert: true,
      // Who showed no certificate, or a foreign one, is refused by each route that asks for one.
      rejectUnauthorized: false,
      // A resumed session would skip the look at the certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
    },
    bodyLimit: BODY,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    logger: false,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
  }) as unknown as App
  // Answers are told by their schemas, and checked against them in tests; nothing is cut out of one silently.
  app.setSerializerCompiler(() => value => JSON.stringify(value))
  app.addHook('onRoute', tellAnswer)
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title, version: '1' } } })
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const refusal = asRefusal(error)
    if (refusal.code === 'Fault')
      logger.error({ event: 'custody.fault', route: request.routeOptions.url, error: error.name })
    if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter)
    return await reply.status(refusal.status).send({ code: refusal.code, message: refusal.message })
  })
  app.setNotFoundHandler(async (_, reply) => {
    return await reply
      .status(404)
      .send({ code: 'Unknown', message: 'There is no such call. See /v1/openapi.json.' })
  })
  return app
}

/** Adds to a route's schema what it answers with. */
function tellAnswer(route: RouteOptions): void {
  const known = ANSWERS[`${route.method} ${route.url}`]
  if (!known || !route.schema) return
  const { status = 200, answer, awaits } = known
  const response = {
    [status]: answer,
    ...(awaits && { 202: RefusalAnswer }),
    '4xx': RefusalAnswer,
    '5xx': RefusalAnswer,
  }
  route.schema = { ...route.schema, response: status === 200 ? response : { 200: WouldAnswer, ...response } }
}

/** Lets a running listener show new certificates. */
export function showIdentity(app: App, identity: ServerIdentity): void {
  app.server.setSecureContext(secureContext(identity))
}

function secureContext({ key, chain, authority }: ServerIdentity) {
  return { key, cert: chain, ...(authority === undefined ? {} : { ca: authority }) }
}

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly retryAfter?: number
}

function asRefusal(error: FastifyError | CustodyError): Refusal {
  if (error instanceof CustodyError) {
    const { code, message, details } = error
    const retryAfter = details['retryAfter']
    const { status } = REFUSALS[code]
    return typeof retryAfter === 'number' ? { status, code, message, retryAfter } : { status, code, message }
  }
  if (error.name === 'Deposed') return { status: 503, code: 'Standby', message: error.message }
  if (error.validation)
    return { status: 400, code: 'Malformed', message: `The request is malformed: ${error.message}.` }
  if (error.statusCode === 413)
    return { status: 413, code: 'TooLarge', message: 'The request is larger than 64 KiB.' }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { status: error.statusCode, code: 'Malformed', message: 'The request is malformed.' }
  }
  return { status: 500, code: 'Fault', message: 'The custodian failed. Its log names the fault.' }
}

/** The token that a script shows. @throws CustodyError `Refused` */
export function bearer(request: FastifyRequest): string {
  const [, secret] = /^Bearer ([\w-]{43})$/.exec(request.headers.authorization ?? '') ?? []
  if (secret) return secret
  throw new CustodyError('Refused', 'This call needs a token.')
}
