import { type TProperties, type TSchema, Type } from 'typebox'

/** What each call of the custodian answers with: told in OpenAPI, and held against every answer that tests get. */

const closed = { additionalProperties: false } as const
const object = <Members extends TProperties>(members: Members) => Type.Object(members, closed)
const text = Type.String()
const time = Type.Integer({ description: 'milliseconds since 1970' })
const count = Type.Integer({ minimum: 0 })
const yes = Type.Boolean()
const list = (of: TSchema) => Type.Array(of)
const maybe = (of: TSchema) => Type.Union([of, Type.Null()])

export const RefusalAnswer = object({ code: text, message: text })
export const WouldAnswer = object({ dryRun: Type.Literal(true), would: text })
const orDry = (answer: TSchema) => Type.Union([answer, WouldAnswer])

const Seal = object({ kind: text, unattended: yes, development: yes })
const Status = object({
  origin: text,
  state: text,
  stops: list(object({ kind: text, scope: text, since: Type.Optional(time), reason: Type.Optional(text) })),
  seal: maybe(Seal),
  backup: Type.Optional(Type.Union([Type.Literal('none'), object({ last: maybe(time) })])),
  loss: Type.Optional(maybe(object({ ours: maybe(text), theirs: maybe(text) }))),
  log: Type.Optional(object({ size: count, root: text })),
  witness: Type.Optional(
    object({
      state: text,
      witness: Type.Optional(text),
      skew: Type.Optional(Type.Number()),
      leasesUntil: Type.Optional(Type.Number()),
    }),
  ),
})
const Proposal = object({
  id: text,
  revision: count,
  body: object({
    document: text,
    state: text,
    decisions: list(object({ text, signature: text, person: text, role: text, at: time })),
    readyAt: time,
    outcome: text,
  }),
})
const Progress = object({
  needed: count,
  parties: list(object({ name: text, needed: count, holders: list(text) })),
})
const desk = { origin: text, set: text, publicKey: text }
const Dealing = object({
  set: text,
  dealt: list(object({ party: text, holder: text, sealed: Type.Optional(text), sheet: Type.Optional(text) })),
})
const agreement = { document: text, missing: list(text) }
const Ended = object({ why: text, by: maybe(text), at: time })
const escorted = {
  ...{
    tenant: text,
    bucket: text,
    prefixes: list(text),
    actions: list(text),
    networks: list(text),
    until: time,
  },
  ...{ reason: text, grantee: text, escort: text, proposal: text, state: text, ended: maybe(Ended) },
}
const asked = {
  ...{ id: text, operation: text, action: text, bucket: text, key: text, address: text },
  ...{ number: count, at: time },
}
const ScreenLine = Type.Union([
  object({ kind: Type.Literal('request'), ...asked }),
  object({ kind: Type.Literal('refused'), ...asked, why: text }),
  object({
    ...{ kind: Type.Literal('answered'), number: count, at: time, id: text },
    ...{ status: count, received: count, sent: count },
  }),
  object({ kind: Type.Literal('ended'), number: count, at: time, why: text }),
])
const EscortedKey = object({
  ...{ tenant: text, bucket: text, prefixes: list(text), actions: list(text), networks: list(text) },
  ...{ until: time, signingKey: text },
})
const Escorts = object({ escorts: list(object({ id: text, ...escorted })) })
const Order = object({
  ...{ authority: text, legalBase: text, reach: text, document: text, tenant: text, legalBar: text },
  ...{ received: time, customerTold: time, state: text, answer: text },
})
const Export = object({ export: text })
const Passkey = object({ kind: Type.Literal('passkey'), credential: text, publicKey: text, counter: count })
/** PublicKeyCredentialCreationOptionsJSON of WebAuthn level 3. */
const PasskeyOptions = object({
  challenge: text,
  rp: object({ name: text, id: text }),
  user: object({ id: text, name: text, displayName: text }),
  pubKeyCredParams: list(object({ alg: Type.Integer(), type: text })),
  timeout: count,
  attestation: text,
  excludeCredentials: list(object({ id: text, type: text })),
  authenticatorSelection: object({ userVerification: text, residentKey: text, requireResidentKey: yes }),
  extensions: object({ credProps: yes }),
  hints: list(text),
})

/** What each request of a person is answered with, in `/v1/requests`, by its name. */
export const REQUEST_ANSWERS = {
  'enrolment-ticket': object({
    ...{ secret: text, tenant: text, buckets: list(text), authority: text, expires: time },
  }),
  token: object({ secret: text, id: text }),
  'revoke-token': object({}),
  order: Order,
  'lift-bar': Order,
  'show-order': Order,
  'transparency-report': object({
    report: object({
      ...{ from: time, to: time, received: count, answered: count, withdrawn: count, open: count },
      underLegalBar: count,
    }),
    statement: text,
  }),
  'certify-erasure': object({ statement: text }),
  deposit: Export,
  export: Export,
  escorts: Escorts,
} as const
const Group = object({ id: text, bucket: text, epoch: text, state: text, suspended: yes, kek: count })
const Refused = object({ refused: text, message: text })
const Leased = object({
  id: text,
  tenant: text,
  bucket: text,
  epoch: text,
  state: text,
  key: Type.Optional(text),
  half: Type.Optional(text),
  perUse: Type.Optional(Type.Literal(true)),
})

interface Told {
  /** 200 where nothing else is said. */
  readonly status?: 201 | 202
  readonly answer: TSchema
  /** Whether it may be refused with 202, as approvals or a time are awaited. */
  readonly awaits?: true
}

/** By method and path. A stream of bytes or lines has no schema of JSON. */
export const ANSWERS: Readonly<Record<string, Told>> = {
  'GET /v1/status': { answer: Status },
  'POST /v1/close': { answer: orDry(Status) },
  'POST /v1/alone': { answer: orDry(Proposal) },
  'POST /v1/drafts': { answer: object({ document: text }) },
  'POST /v1/proposals': { status: 202, answer: Proposal },
  'GET /v1/proposals': { answer: object({ proposals: list(Proposal) }) },
  'GET /v1/proposals/:id': { answer: Proposal },
  'POST /v1/decisions': { answer: orDry(Proposal) },
  'POST /v1/proposals/:id/execute': { answer: orDry(Proposal), awaits: true },
  'GET /v1/enrolments/:id': {
    answer: object({ fingerprint: text, tenant: text, buckets: list(text), key: text }),
  },
  'POST /v1/requests': {
    answer: Type.Union([...Object.values(REQUEST_ANSWERS), WouldAnswer]),
    awaits: true,
  },
  'POST /v1/rotations/kek': {
    answer: orDry(object({ version: count, rewrapped: count, destroyed: list(count) })),
  },
  'POST /v1/rotations/epoch': { answer: orDry(object({ epoch: text })) },
  'GET /v1/epochs/:tenant': { answer: object({ epochs: list(Group) }) },
  'GET /v1/log/*': { answer: Type.String({ format: 'binary' }) },
  'POST /v1/backups': {
    status: 201,
    answer: object({
      ...{ file: text, origin: text, made: time, schema: count, term: count },
      ...{ size: count, root: text, digest: text },
    }),
  },
  'POST /v1/ceremony': { answer: orDry(Dealing) },
  'POST /v1/agreement': { answer: orDry(object(agreement)) },
  'GET /v1/agreement': { answer: object(agreement) },
  'POST /v1/agreement/signatures': { answer: object({ ...agreement, unsealed: yes }) },
  'GET /v1/desk': { answer: object({ ...desk, coming: Type.Optional(object(desk)) }) },
  'POST /v1/shares': {
    answer: orDry(
      object({
        by: Type.Optional(object({ party: text, holder: text })),
        progress: Type.Optional(Progress),
        missing: Type.Optional(list(text)),
        unsealed: yes,
        changed: Type.Optional(yes),
      }),
    ),
  },
  'POST /v1/deals': { answer: orDry(Dealing) },
  'POST /v1/unseal': { answer: object({ unsealed: yes }) },
  'GET /v1/passkeys': {
    answer: object({
      signers: list(object({ fingerprint: text, credential: text, role: text, party: text })),
      acts: list(text),
    }),
  },
  'POST /v1/passkeys/options': { answer: PasskeyOptions },
  'POST /v1/passkeys': { answer: object({ fingerprint: text, key: Passkey }) },
  'GET /v1/escorts': { answer: Escorts },
  'GET /v1/escorts/:id/key': { answer: object({ origin: text, sealed: text }) },
  'POST /v1/escorts/:id/watch': { answer: object({ screen: text, watches: yes, grant: object(escorted) }) },
  'POST /v1/escorts/:id/screen': { answer: object({ lines: list(ScreenLine), ended: maybe(text) }) },
  'POST /v1/escorts/:id/end': { answer: orDry(object({ ended: yes })) },
  'POST /v1/leases': {
    answer: object({
      ...{ lease: text, proxy: text, policy: count, entry: count, ttl: count },
      answers: list(Type.Union([object({ keys: list(Leased) }), Refused])),
    }),
  },
  'POST /v1/uses': { answer: object({ answers: list(Type.Union([object({ bytes: text }), Refused])) }) },
  'GET /v1/revocations': { answer: Type.String({ description: 'JSON, a value a line' }) },
  'POST /v1/certificate': { answer: object({ certificate: text }) },
  'POST /v1/enrolments': {
    status: 202,
    answer: object({ fingerprint: text, tenant: text, buckets: list(text), key: text }),
  },
  'GET /v1/enrolments/:fingerprint': { answer: object({ certificate: text }), awaits: true },
  'POST /v1/escorts/keys': { answer: object({ answers: list(Type.Union([EscortedKey, Refused])) }) },
  'POST /v1/escorts/requests': { answer: object({ request: text }) },
  'POST /v1/escorts/answers': { answer: object({}) },
}
