import { generateRegistrationOptions, type RegistrationResponseJSON } from '@simplewebauthn/server'
import { type Static, Type } from 'typebox'
import { passkeyFingerprint, type RelyingParty, registerPasskey } from '../approvals/passkey.ts'
import { ACTS } from '../approvals/policy.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { Limit, tooMany } from '../limits.ts'
import type { OfficerRecord } from '../people.ts'
import type { App } from './app.ts'

const closed = { additionalProperties: false } as const
const Naming = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) }, closed)
const Registration = Type.Object({ response: Type.Object({}, { additionalProperties: true }) }, closed)

/** Milliseconds within which a new passkey is brought back. */
const WITHIN = 5 * 60_000
/** Passkeys in the making, at most: the oldest gives way. */
const MOST = 64
/** From one address, so that nobody pushes out those of others. */
const [BEGUN, MINUTE] = [20, 60_000]

/**
 * Where persons make passkeys, and the console learns whose there are. A new one may decide nothing: its key
 * goes into the plan of a ceremony, or into a proposal to change the officers.
 */
export function passkeyRoutes(app: App, custody: Custody, party: RelyingParty): void {
  const challenges = new Map<string, number>()
  const begun = new Limit(BEGUN, MINUTE)

  app.get('/v1/passkeys', { schema: { summary: 'The passkeys of officers and delegates' } }, async () => {
    const officers = await custody.opened().records.all<OfficerRecord>('officer')
    const signers = officers.flatMap(({ id, body: { state, role, party, key } }) =>
      state === 'active' && key.kind === 'passkey'
        ? [{ fingerprint: id, credential: key.credential, role, party }]
        : [],
    )
    return { signers, acts: ACTS }
  })

  app.post(
    '/v1/passkeys/options',
    { schema: { summary: 'What a browser needs to make a passkey', body: Naming } },
    async request => {
      const wait = begun.take(request.raw.socket.remoteAddress ?? '', custody.now())
      if (wait > 0) throw tooMany('passkeys begun from this address', wait)
      const { name } = request.body as Static<typeof Naming>
      const options = await generateRegistrationOptions({
        rpName: custody.origin,
        rpID: party.id,
        userName: name,
        attestationType: 'none',
        authenticatorSelection: { userVerification: 'required', residentKey: 'discouraged' },
      })
      challenges.set(options.challenge, custody.now() + WITHIN)
      if (challenges.size > MOST) challenges.delete(challenges.keys().next().value!)
      return options
    },
  )

  app.post(
    '/v1/passkeys',
    {
      schema: {
        summary: 'Looks at a new passkey; it may decide nothing until a proposal admits it',
        body: Registration,
      },
    },
    async request => {
      const response = (request.body as { response: RegistrationResponseJSON }).response
      const challenge = challengeIn(response)
      const until = challenges.get(challenge) ?? 0
      challenges.delete(challenge)
      if (until < custody.now())
        throw new CustodyError('Expired', 'This passkey was not begun here just now. Make it anew.')
      const passkey = await registerPasskey(response, challenge, party)
      return { fingerprint: passkeyFingerprint(passkey), key: { kind: 'passkey', ...passkey } }
    },
  )
}

function challengeIn(response: RegistrationResponseJSON): string {
  try {
    const data = Buffer.from(response.response.clientDataJSON, 'base64url').toString('utf8')
    return String(JSON.parse(data).challenge)
  } catch {
    throw new CustodyError('Malformed', 'This is not the response of an authenticator.')
  }
}
