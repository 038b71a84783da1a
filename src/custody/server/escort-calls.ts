import { type Static, Type } from 'typebox'
import type { Custody } from '../custody.ts'
import { CustodyError, type CustodyErrorCode } from '../errors.ts'
import type { EscortedKey, Escorts } from '../escorts/escorts.ts'
import { ESCORT_ID } from '../escorts/key.ts'
import { ESCORT_ACTIONS } from '../escorts/record.ts'
import type { App } from './app.ts'
import { callerOf } from './proxies.ts'

const closed = { additionalProperties: false } as const
const EscortId = Type.String({ pattern: ESCORT_ID })
const Bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const KeyRequest = Type.Object(
  {
    asks: Type.Array(
      Type.Object(
        {
          escort: EscortId,
          day: Type.String({ pattern: '^[0-9]{8}$' }),
          region: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 50 },
    ),
  },
  closed,
)
const EscortedRequest = Type.Object(
  {
    escort: EscortId,
    operation: Type.String({ minLength: 1, maxLength: 64 }),
    action: Type.Union([...ESCORT_ACTIONS, 'any', 'beyond'].map(action => Type.Literal(action))),
    bucket: Type.String({ maxLength: 255 }),
    key: Type.String({ pattern: '^[A-Za-z0-9_-]{0,1366}$', description: 'UTF-8 in base64url' }),
    address: Type.String({ maxLength: 64, description: "the client's" }),
  },
  closed,
)
const Answer = Type.Object(
  {
    escort: EscortId,
    request: Type.String({ maxLength: 36 }),
    status: Type.Integer({ minimum: 0, maximum: 599, description: '0: it broke off' }),
    received: Bytes,
    sent: Bytes,
  },
  closed,
)

/** What proxies call, by mutual TLS, about requests under an escort. */
export function escortCalls(app: App, custody: Custody, escorts: Escorts): void {
  app.post(
    '/v1/escorts/keys',
    { schema: { summary: 'By what requests of escorted access keys are verified', body: KeyRequest } },
    async (request, reply) => {
      const caller = callerOf(request, custody.now())
      const { asks } = request.body as Static<typeof KeyRequest>
      const answers = asks.map(({ escort, day, region }) =>
        escorts.keyFor(caller, escort, day, region).then(wireKey, wireRefusal),
      )
      await reply.header('cache-control', 'no-store').send({ answers: await Promise.all(answers) })
    },
  )

  app.post(
    '/v1/escorts/requests',
    {
      schema: {
        summary: 'Lets a request under an escort through, once it is in the log and on the screen',
        body: EscortedRequest,
      },
    },
    async request => {
      const caller = callerOf(request, custody.now())
      const { escort, key, ...asked } = request.body as Static<typeof EscortedRequest>
      const named = Buffer.from(key, 'base64url').toString('utf8')
      return { request: await escorts.admit(caller, escort, { ...asked, key: named }) }
    },
  )

  app.post(
    '/v1/escorts/answers',
    { schema: { summary: 'Tells how a request under an escort was answered', body: Answer } },
    async request => {
      const caller = callerOf(request, custody.now())
      const { escort, request: id, ...answer } = request.body as Static<typeof Answer>
      await escorts.answered(caller, escort, id, answer)
      return {}
    },
  )
}

function wireKey(key: EscortedKey | undefined) {
  if (key) return { ...key, signingKey: key.signingKey.toString('base64url') }
  return { refused: 'Unknown' satisfies CustodyErrorCode, message: 'There is no such access key.' }
}

function wireRefusal(error: unknown) {
  if (error instanceof CustodyError) return { refused: error.code, message: error.message }
  throw error
}
