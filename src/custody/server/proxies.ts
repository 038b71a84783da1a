import type { TLSSocket } from 'node:tls'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import type { LeasedKey } from '../../keys/custodian.ts'
import { keyFingerprint } from '../authority.ts'
import type { Custody } from '../custody.ts'
import { certificateOf, takeRequest } from '../enrolment.ts'
import { CustodyError } from '../errors.ts'
import { sealTo } from '../hpke.ts'
import type { Caller, KeyAsk, LeaseAnswer, Leases } from '../leases.ts'
import type { Revocation, Revocations } from '../revocations.ts'
import { LeaseTurns } from '../turns.ts'
import { type UseAnswer, type UseAsk, Uses } from '../uses.ts'
import type { App } from './app.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })
const Fingerprint = Type.String({ pattern: '^[0-9a-f]{64}$' })
const KeyId = Type.String({ pattern: '^[0-9a-f]{32}$' })

const LeaseRequest = Type.Object(
  {
    asks: Type.Array(
      Type.Object({ bucket: Name, id: Type.Optional(KeyId) }, { additionalProperties: false }),
      {
        minItems: 1,
        maxItems: 200,
      },
    ),
    to: Type.String({
      pattern: '^[A-Za-z0-9_-]{43}$',
      description: 'An X25519 key of this call alone, to which the keys are sealed.',
    }),
  },
  { additionalProperties: false },
)
const Base64url = (pattern: string) => Type.String({ pattern: `^[A-Za-z0-9_-]${pattern}$` })
const Word = Type.String({ minLength: 1, maxLength: 64 })
const Use = Type.Object(
  {
    bucket: Name,
    // UTF-8, as JSON may write a name six times as long.
    key: Base64url('{2,1366}'),
    envelope: Base64url('{216}'),
    dek: Type.Optional(Base64url('{43}')),
    action: Word,
    caller: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    reason: Type.Optional(Word),
  },
  { additionalProperties: false },
)
const UseRequest = Type.Object(
  { uses: Type.Array(Use, { minItems: 1, maxItems: 30 }) },
  { additionalProperties: false },
)
const EnrolmentRequest = Type.Object(
  { token: Type.String({ minLength: 43, maxLength: 43 }), csr: Type.String({ maxLength: 8192 }) },
  { additionalProperties: false },
)

/** Milliseconds between signs of life on the stream of revocations: a proxy that hears none asks elsewhere. */
const HEARTBEAT = 2_000

/** What proxies call, by mutual TLS; and the one call without a certificate, by which they get theirs. */
export function proxyRoutes(app: App, custody: Custody, leases: Leases, revocations: Revocations): void {
  const turns = new LeaseTurns()
  const uses = new Uses(custody, leases)

  app.post(
    '/v1/leases',
    { schema: { summary: 'Leases group keys', body: LeaseRequest } },
    async (request, reply) => {
      const { asks, to } = request.body as Static<typeof LeaseRequest>
      const caller = callerOf(request, custody.now())
      const current = asks.every(({ id }) => id === undefined)
      const answer = await turns.take(caller.fingerprint, current, custody.now, async () =>
        leases.lease(caller, asks.map(parseAsk)),
      )
      await sendKeys(reply, answer, Buffer.from(to, 'base64url'))
    },
  )

  app.post(
    '/v1/uses',
    { schema: { summary: 'Wraps and unwraps DEKs of buckets whose keys stay here', body: UseRequest } },
    async (request, reply) => {
      const asks = (request.body as Static<typeof UseRequest>).uses.map(parseUse)
      await sendUses(reply, await uses.use(callerOf(request, custody.now()), asks))
    },
  )

  app.get(
    '/v1/revocations',
    { schema: { summary: 'A stream of what to drop at once, one JSON value a line' } },
    async (request, reply) => {
      const caller = callerOf(request, custody.now())
      const { tenant } = await leases.admit(caller)
      reply.hijack()
      stream(reply, send =>
        revocations.subscribe({ fingerprint: caller.fingerprint, tenant: tenant.id, send }),
      )
    },
  )

  app.post('/v1/certificate', { schema: { summary: "Renews the proxy's certificate" } }, async request => {
    const { fingerprint } = callerOf(request, custody.now())
    return { certificate: await certificateOf(custody, fingerprint) }
  })

  app.post(
    '/v1/enrolments',
    {
      schema: {
        summary: 'Takes a certificate request with its one-time ticket; no certificate needed',
        body: EnrolmentRequest,
      },
    },
    async (request, reply) => {
      const { token, csr } = request.body as Static<typeof EnrolmentRequest>
      return await reply.status(202).send(await takeRequest(custody, token, csr))
    },
  )

  const params = Type.Object({ fingerprint: Fingerprint })
  app.get(
    '/v1/enrolments/:fingerprint',
    {
      schema: { summary: 'The certificate, once the enrolment was approved; no certificate needed', params },
    },
    async request => {
      const { fingerprint } = request.params as Static<typeof params>
      return { certificate: await certificateOf(custody, fingerprint) }
    },
  )
}

/**
 * Who calls, by the certificate of the connection. It was checked when the connection began; its end is
 * looked at again, since connections outlive certificates. The address is the peer's: no header of a proxy
 * is believed about where it stands.
 *
 * @throws CustodyError `Refused`
 */
export function callerOf(request: FastifyRequest, now: number): Caller {
  const socket = request.raw.socket as TLSSocket
  const certificate = socket.getPeerX509Certificate()
  // One of this authority's that has ended fails the handshake's look at it. Of another's it is not known.
  if (String(socket.authorizationError) === 'CERT_HAS_EXPIRED') throw certificateEnded()
  if (!socket.authorized || !certificate) {
    throw new CustodyError('Refused', 'This call needs the certificate of an enrolled proxy.')
  }
  if (Date.parse(certificate.validTo) <= now || Date.parse(certificate.validFrom) > now) {
    throw certificateEnded()
  }
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' })
  return { fingerprint: keyFingerprint(spki), address: socket.remoteAddress ?? '' }
}

const certificateEnded = (): CustodyError =>
  new CustodyError(
    'Refused',
    "The proxy's certificate has ended. Get a new ticket from an officer, and run treuhand enrol again.",
  )

function parseAsk({ bucket, id }: { bucket: string; id?: string }): KeyAsk {
  return id === undefined ? { bucket } : { bucket, id: new Uint8Array(Buffer.from(id, 'hex')) }
}

function parseUse({ bucket, key, envelope, dek, ...purpose }: Static<typeof Use>): UseAsk {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'))
  return {
    bucket,
    key: Buffer.from(key, 'base64url').toString('utf8'),
    envelope: bytes(envelope),
    ...(dek !== undefined && { dek: bytes(dek) }),
    purpose,
  }
}

/** Sends what came of uses and overwrites it. */
async function sendUses(reply: FastifyReply, answers: readonly UseAnswer[]): Promise<void> {
  const sent = answers.map(one => {
    if ('refused' in one) return one
    const bytes = Buffer.from(one.bytes).toString('base64url')
    one.bytes.fill(0)
    return { bytes }
  })
  await reply.header('cache-control', 'no-store').send({ answers: sent })
}

/** Sends a lease, its keys sealed to the caller's box, and overwrites what it holds. */
async function sendKeys(reply: FastifyReply, answer: LeaseAnswer, box: Uint8Array): Promise<void> {
  const answers = await Promise.all(
    answer.answers.map(async one =>
      'refused' in one ? one : { keys: await Promise.all(one.keys.map(key => sealedKey(key, box))) },
    ),
  )
  await reply.header('cache-control', 'no-store').send({ ...answer, answers })
}

async function sealedKey(key: LeasedKey, box: Uint8Array) {
  const about = { ...key, id: hex(key.id) }
  if (key.key === undefined) return about
  const sealed = await sealTo(box, key.key, ['treuhand/lease/v1'])
  key.key.fill(0)
  return { ...about, key: sealed.toString('base64url') }
}

/** One JSON value a line: `{}` is a sign of life, `{"drop": …}` or `{"ended": …}` a revocation. */
function stream(
  reply: FastifyReply,
  subscribe: (send: (revocation: Revocation) => void) => () => void,
): void {
  const response = reply.raw
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  const heartbeat = setInterval(() => response.write('{}\n'), HEARTBEAT)
  const unsubscribe = subscribe(revocation => response.write(`${JSON.stringify(revocation)}\n`))
  response.write('{}\n')
  response.on('close', () => {
    clearInterval(heartbeat)
    unsubscribe()
  })
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
