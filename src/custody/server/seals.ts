import { type Static, Type } from 'typebox'
import { readApprover } from '../approvals/approver.ts'
import { DEFAULT_POLICY } from '../approvals/policy.ts'
import type { Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { Limit, tooMany } from '../limits.ts'
import type { Dealt } from '../quorum/deal.ts'
import { shareSheet } from '../quorum/paper.ts'
import type { Desk } from '../quorum/submission.ts'
import { planOf } from '../seals/kept-ceremony.ts'
import type { SealDesk } from '../seals/seal-desk.ts'
import type { UnattendedSeal } from '../seals/unattended-seal.ts'
import { PersonRequests } from '../signed-request.ts'
import type { App } from './app.ts'
import { DryRun, wouldBe } from './dry-run.ts'

const closed = { additionalProperties: false } as const
const Bytes = Type.String({ pattern: '^[A-Za-z0-9_-]*$', maxLength: 60_000 })
const Holder = Type.Object({ name: Type.String(), publicKey: Type.Optional(Bytes) }, closed)
const Party = Type.Object(
  { name: Type.String(), needed: Type.Integer(), holders: Type.Array(Holder, { maxItems: 32 }) },
  closed,
)
const Ceremony = Type.Object(
  {
    seal: Type.Optional(Type.Union([Type.Literal('quorum'), Type.Literal('hsm+quorum')])),
    plan: Type.Object(
      { origin: Type.String(), needed: Type.Integer(), parties: Type.Array(Party, { maxItems: 16 }) },
      closed,
    ),
    approvers: Type.Record(Type.String(), Type.Unknown()),
    development: Type.Optional(Type.Boolean()),
    dryRun: DryRun,
  },
  closed,
)
const UNATTENDED = ['p12', 'pkcs11', 'transit', 'passphrase', 'file'] as const
const UnattendedCeremony = Type.Object(
  {
    seal: Type.Union(UNATTENDED.map(kind => Type.Literal(kind))),
    origin: Type.String(),
    approvers: Type.Record(Type.String(), Type.Unknown()),
    dryRun: DryRun,
  },
  closed,
)
export const Share = Type.Object(
  {
    purpose: Type.Union([Type.Literal('prove'), Type.Literal('unseal'), Type.Literal('reset')]),
    submission: Bytes,
    set: Type.Optional(Bytes),
    dryRun: DryRun,
  },
  closed,
)
const Agreement = Type.Object(
  { text: Type.String({ maxLength: 4096 }), signature: Type.String({ maxLength: 8192 }) },
  closed,
)
const Signed = Type.Object(
  { document: Type.String({ maxLength: 16_384 }), signature: Type.String({ maxLength: 8192 }) },
  closed,
)

const MINUTE = 60_000
/** From one address: each is opened in a process of its own. */
export const SHARES_A_MINUTE = 30
/** From one address: each opens the root to look whose word it is. */
const WORDS_A_MINUTE = 6

/** How a root comes into force, is opened and is changed: ceremonies, agreements, shares. */
export function sealRoutes(app: App, custody: Custody, desk: SealDesk, unattended: UnattendedSeal): void {
  const shares = new Limit(SHARES_A_MINUTE, MINUTE)
  const words = new Limit(WORDS_A_MINUTE, MINUTE)
  const requests = new PersonRequests(custody)

  app.post(
    '/v1/ceremony',
    { schema: { summary: 'Deals the first root to its holders', body: Ceremony } },
    async request => {
      const { seal = 'quorum', plan, approvers, ...how } = request.body as Static<typeof Ceremony>
      const [dealing, foundation] = [planOf(plan), foundationOf(approvers)]
      if (how.dryRun) {
        desk.judgeFirst(seal, dealing, how.development)
        return wouldBe('A root would be dealt to the holders, and forgotten.')
      }
      const dealt = await desk.begin(seal, dealing, foundation, how.development)
      const { set } = await desk.desk()
      return { set, dealt: await Promise.all(dealt.map(one => handed(one, custody.now()))) }
    },
  )
  app.post(
    '/v1/agreement',
    { schema: { summary: 'Begins a custodian whose seal opens without people', body: UnattendedCeremony } },
    async request => {
      const { seal, origin, approvers, dryRun } = request.body as Static<typeof UnattendedCeremony>
      if (dryRun) {
        unattended.judge(seal, origin, foundationOf(approvers))
        return wouldBe('All who are named would be asked to agree to a root that opens without them.')
      }
      return await unattended.begin(seal, origin, foundationOf(approvers))
    },
  )
  app.get(
    '/v1/agreement',
    { schema: { summary: 'What the first approvers agree to by their signatures' } },
    async () => await unattended.agreement(),
  )
  app.post(
    '/v1/agreement/signatures',
    { schema: { summary: 'Takes a signature under the agreement', body: Agreement } },
    async request => {
      const { text, signature } = request.body as Static<typeof Agreement>
      return await unattended.agree(text, signature)
    },
  )

  app.get('/v1/desk', { schema: { summary: 'The key that shares are sealed to' } }, async () => {
    const { coming, ...first } = await desk.desk()
    return { ...shown(first), ...(coming && { coming: shown(coming) }) }
  })
  app.post(
    '/v1/shares',
    {
      schema: {
        summary: 'Takes a share: to prove it, to unseal, or to forget what was gathered',
        body: Share,
      },
    },
    async request => {
      const address = request.raw.socket.remoteAddress ?? ''
      const wait = shares.take(address, custody.now())
      if (wait > 0) throw tooMany('shares from this address', wait)
      const { purpose, submission, set, dryRun } = request.body as Static<typeof Share>
      const sealed = Buffer.from(submission, 'base64url')
      if (dryRun) return wouldBe(await desk.judge(purpose, sealed, set))
      return await desk.submit(purpose, sealed, set)
    },
  )

  app.post(
    '/v1/deals',
    { schema: { summary: 'Deals the new root that a proposal decided', body: Signed } },
    async request => {
      const { document, signature } = request.body as Static<typeof Signed>
      const { act, by, dryRun } = await requests.takeOrTry(document, signature)
      if (act !== 'deal') throw new CustodyError('Malformed', `There is no request ${act} here.`)
      if (dryRun) {
        const { seal } = await desk.judgeDeal()
        return wouldBe(
          `The shares of the new root under ${seal} would be dealt; those dealt for it before are void.`,
        )
      }
      const dealt = await desk.deal(by)
      const { set } = (await desk.desk()).coming!
      return { set, dealt: await Promise.all(dealt.map(one => handed(one, custody.now()))) }
    },
  )
  app.post(
    '/v1/unseal',
    { schema: { summary: "Opens a seal that takes no holders, at an officer's signed word", body: Signed } },
    async request => {
      const wait = words.take(request.raw.socket.remoteAddress ?? '', custody.now())
      if (wait > 0) throw tooMany('words from this address', wait)
      const { document, signature } = request.body as Static<typeof Signed>
      await unattended.unsealAtWord(async ({ records }) => {
        const { act } = await requests.take(document, signature, records)
        if (act !== 'unseal') throw new CustodyError('Malformed', `There is no request ${act} here.`)
      })
      return { unsealed: true }
    },
  )
}

function foundationOf(approvers: { readonly [id: string]: unknown }) {
  const known = Object.entries(approvers).map(([id, value]) => [id, readApprover(value as Json)] as const)
  return { approvers: Object.fromEntries(known), policy: DEFAULT_POLICY }
}

export function shown(desk: Desk) {
  return { ...desk, publicKey: Buffer.from(desk.publicKey).toString('base64url') }
}

/** A share as it may leave: sealed to its holder, or as the sheet that is printed. */
async function handed(dealt: Dealt, now: number) {
  const { party, holder } = dealt
  if (dealt.by === 'key') return { party, holder, sealed: dealt.sealed.toString('base64url') }
  const sheet = await shareSheet(dealt.envelope, now)
  dealt.envelope.fill(0)
  return { party, holder, sheet: sheet.toString('base64') }
}
