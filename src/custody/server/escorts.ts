import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Escorts } from '../escorts/escorts.ts'
import { ESCORT_ID, sealEscortKey } from '../escorts/key.ts'
import { listEscorts } from '../escorts/list.ts'
import type { EscortRecord } from '../escorts/record.ts'
import { Screens } from '../escorts/screens.ts'
import { Limit, tooMany } from '../limits.ts'
import { type PersonRequest, PersonRequests } from '../signed-request.ts'
import { admitToken } from '../tokens.ts'
import { type App, bearer } from './app.ts'
import { wouldBe } from './dry-run.ts'

const closed = { additionalProperties: false } as const
const Id = Type.Object({ id: Type.String({ pattern: ESCORT_ID }) })
const Signed = Type.Object(
  { document: Type.String({ maxLength: 16_384 }), signature: Type.String({ maxLength: 8192 }) },
  closed,
)
const Look = Type.Object(
  {
    after: Type.Integer({ minimum: 0, description: 'number of the last line that was seen' }),
    shown: Type.Array(Type.String({ maxLength: 36 }), {
      maxItems: 500,
      description: "requests that the escort's screen shows now, by which they are let through",
    }),
  },
  closed,
)

const [KEYS, MINUTE] = [10, 60_000]

/** Where people watch escorted accesses and end them, and whoever is let in fetches the key. */
export function escortRoutes(app: App, custody: Custody, escorts: Escorts): void {
  const requests = new PersonRequests(custody)
  const screens = new Screens(custody, escorts)
  const keys = new Limit(KEYS, MINUTE)
  const addressOf = (request: FastifyRequest) => request.raw.socket.remoteAddress ?? ''
  const idOf = (request: FastifyRequest) => (request.params as Static<typeof Id>).id

  app.get(
    '/v1/escorts',
    { schema: { summary: "All escorted accesses; an operator's or auditor's token" } },
    async request => {
      await admitToken(custody, bearer(request), addressOf(request), ['operator', 'auditor'])
      return { escorts: await listEscorts(custody) }
    },
  )

  app.get(
    '/v1/escorts/:id/key',
    {
      schema: {
        summary: 'The access key of an escorted access, sealed to whoever is let in; no token needed',
        params: Id,
      },
    },
    async (request, reply) => {
      const wait = keys.take(addressOf(request), custody.now())
      if (wait > 0) throw tooMany('keys asked for from this address', wait)
      const { records } = custody.opened()
      const kept = await records.find<EscortRecord>('escort', idOf(request))
      if (!kept)
        throw new CustodyError(
          'Unknown',
          'There is no escorted access of this name, or not yet. Ask the officers.',
        )
      if ((await escorts.find(kept.id)).ended)
        throw new CustodyError('Expired', 'This escorted access has ended. Ask the officers for a new one.')
      const sealed = await sealEscortKey(records, custody.origin, kept)
      return await reply
        .header('cache-control', 'no-store')
        .send({ origin: custody.origin, sealed: sealed.toString('base64url') })
    },
  )

  app.post(
    '/v1/escorts/:id/watch',
    {
      schema: {
        summary: "Opens a screen on an escorted access, at a person's signed word `watch-escort`",
        params: Id,
        body: Signed,
      },
    },
    async (request, reply) => {
      const id = idOf(request)
      const { by } = asked('watch-escort', id, await requests.take(...words(request)))
      const { screen, watches, grant } = await screens.open(id, by)
      const { recipient: _, ...shown } = grant
      return await reply.header('cache-control', 'no-store').send({ screen, watches, grant: shown })
    },
  )

  app.post(
    '/v1/escorts/:id/screen',
    {
      schema: {
        summary: "What came on a screen after a line, and what its person has seen; with the screen's secret",
        params: Id,
        body: Look,
      },
    },
    async request => {
      const { after, shown } = request.body as Static<typeof Look>
      return await screens.look(idOf(request), bearer(request), after, shown)
    },
  )

  app.post(
    '/v1/escorts/:id/end',
    {
      schema: {
        summary:
          "Ends an escorted access at once: at a person's signed word `end-escort`, or with a screen's secret",
        params: Id,
        body: Type.Union([Signed, Type.Object({}, closed)]),
      },
    },
    async request => {
      const id = idOf(request)
      if (!('document' in (request.body as object))) {
        await screens.end(id, bearer(request))
        return { ended: true }
      }
      const { by, dryRun } = asked('end-escort', id, await requests.takeOrTry(...words(request)))
      if (dryRun) {
        const { ended } = await escorts.find(id)
        return wouldBe(ended ? `${id} has ended already.` : `${id} would end at once.`)
      }
      await escorts.end(id, by)
      return { ended: true }
    },
  )
}

function words(request: FastifyRequest): readonly [document: string, signature: string] {
  const { document, signature } = request.body as Static<typeof Signed>
  return [document, signature]
}

/** @throws CustodyError `Malformed` where something else was signed */
function asked(wanted: string, id: string, request: PersonRequest): PersonRequest {
  if (request.act === wanted && request.params['escort'] === id) return request
  throw new CustodyError('Malformed', `What was signed is not ${wanted} of ${id}.`)
}
