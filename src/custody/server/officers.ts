import { type Static, Type } from 'typebox'
import { readProposal } from '../approvals/document.ts'
import type { Wish } from '../approvals/ground.ts'
import { ACTS } from '../approvals/policy.ts'
import { type BackupTarget, lastBackup } from '../backup/target.ts'
import type { Custody } from '../custody.ts'
import { requestOf } from '../enrolment.ts'
import { CustodyError } from '../errors.ts'
import type { Governance } from '../governance.ts'
import { storedFiles } from '../log/files.ts'
import { sealInForce, sealStatus } from '../seals/offers.ts'
import { PersonRequests } from '../signed-request.ts'
import type { App } from './app.ts'
import { Askers } from './asker.ts'
import { wouldActAlone, wouldDecide, wouldExecute, wouldPropose } from './dry-decisions.ts'
import { DryRun, signatureUnlessDry, wouldBe } from './dry-run.ts'
import { answerOnce } from './idempotency.ts'
import { answerPerson } from './person-requests.ts'
import { rotationRoutes } from './rotations.ts'

const closed = { additionalProperties: false } as const
const Document = Type.String({ maxLength: 16_384 })
const Text = Type.String({ maxLength: 4096 })
const Signature = Type.String({ maxLength: 8192 })
const Signed = Type.Object({ document: Document, signature: Signature }, closed)
/** Without a signature, by an operator's token. */
const Proposed = Type.Object(
  {
    document: Document,
    signature: Type.Optional(Signature),
    dryRun: DryRun,
  },
  closed,
)
const Decision = Type.Object({ text: Text, signature: Type.Optional(Signature), dryRun: DryRun }, closed)
const Alone = Type.Object(
  { document: Document, text: Text, signature: Type.Optional(Signature), dryRun: DryRun },
  closed,
)
/** Without a body it is no dry run. */
const Execution = Type.Union([Type.Object({ dryRun: DryRun }, closed), Type.Null()])
const WishBody = Type.Object(
  {
    act: Type.Union(ACTS.map(act => Type.Literal(act))),
    tenant: Type.String({ minLength: 1, maxLength: 255 }),
    params: Type.Record(Type.String(), Type.Unknown()),
    reason: Type.String({ minLength: 1, maxLength: 1000 }),
    proposer: Type.String({ maxLength: 100 }),
  },
  closed,
)
const Id = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$' }) })

/** What officers, delegates and scripts call. Persons prove themselves by signatures, scripts by tokens. */
export function officerRoutes(
  app: App,
  custody: Custody,
  governance: Governance,
  backup?: BackupTarget,
): void {
  answerOnce(app, custody)
  const requests = new PersonRequests(custody)
  const { proposals } = governance
  const { admission } = proposals
  const askers = new Askers(custody, requests)

  app.get(
    '/v1/status',
    {
      schema: {
        summary:
          'The state of the custodian, its seal and its log; to whoever may read, also why, for whom and since when it is stopped, and the last backup',
      },
    },
    async request =>
      (await askers.isReader(request)) ? await statusOf(custody, backup) : await stateOf(custody),
  )

  app.post(
    '/v1/close',
    { schema: { summary: 'Seals or kills at the signed word of one officer or delegate', body: Alone } },
    async request => {
      const order = request.body as Static<typeof Alone>
      const signature = signatureUnlessDry(order)
      if (signature === undefined) return wouldBe(await wouldActAlone(admission, order.document, order.text))
      await governance.close(Buffer.from(order.document), order.text, signature)
      return await statusOf(custody, backup)
    },
  )
  app.post(
    '/v1/alone',
    {
      schema: {
        summary: 'An act that one officer or delegate may do alone: revoke, tighten, suspend',
        body: Alone,
      },
    },
    async request => {
      const order = request.body as Static<typeof Alone>
      const signature = signatureUnlessDry(order)
      if (signature === undefined) return wouldBe(await wouldActAlone(admission, order.document, order.text))
      return await proposals.actAlone(Buffer.from(order.document), order.text, signature)
    },
  )
  app.post(
    '/v1/drafts',
    { schema: { summary: 'Writes a proposal as it would be taken now; nothing is kept', body: WishBody } },
    async request => {
      return { document: await governance.draft(request.body as Wish) }
    },
  )
  app.post(
    '/v1/proposals',
    {
      schema: {
        summary: "Takes a proposal, signed by its proposer or shown with an operator's token",
        body: Proposed,
      },
    },
    async (request, reply) => {
      const { document, signature, dryRun } = request.body as Static<typeof Proposed>
      if (dryRun) {
        const token = request.headers.authorization && (await askers.admitToken(request, ['operator']))
        const by = token || readProposal(Buffer.from(document)).proposer
        return wouldBe(await wouldPropose(admission, document, by))
      }
      const kept =
        signature === undefined
          ? await proposals.propose(Buffer.from(document), await askers.admitToken(request, ['operator']))
          : await governance.propose(document, signature)
      return await reply.status(202).send(kept)
    },
  )
  app.get(
    '/v1/proposals',
    { schema: { summary: "All proposals; an operator's or auditor's token, or a signed `look`" } },
    async request => {
      await askers.admitReader(request)
      return { proposals: await custody.opened().records.all('proposal') }
    },
  )
  app.get(
    '/v1/proposals/:id',
    {
      schema: {
        summary:
          "A proposal in the state that it has now; an operator's or auditor's token, or a signed `look`",
        params: Id,
      },
    },
    async request => {
      await askers.admitReader(request)
      return (await admission.standing((request.params as Static<typeof Id>).id)).now
    },
  )
  app.post(
    '/v1/decisions',
    { schema: { summary: 'Takes a signed approval, rejection or veto', body: Decision } },
    async request => {
      const made = request.body as Static<typeof Decision>
      const signature = signatureUnlessDry(made)
      if (signature !== undefined) return await proposals.decide(made.text, signature)
      return wouldBe(await wouldDecide(admission, made.text))
    },
  )
  app.post(
    '/v1/proposals/:id/execute',
    {
      schema: {
        summary:
          "Carries out a proposal that is approved and has waited, or goes on with one; an operator's token, or a signed `execute`",
        params: Id,
        body: Execution,
      },
      // Who wants no dry run may send no body.
      preValidation: async request => {
        request.body ??= {}
      },
    },
    async request => {
      const { id } = request.params as Static<typeof Id>
      const { dryRun = false } = (request.body as Static<typeof Execution>) ?? {}
      await askers.admitExecutor(request, id, dryRun)
      if (!dryRun) return await proposals.execute(id)
      return wouldBe(await wouldExecute(admission, id))
    },
  )

  app.get(
    '/v1/enrolments/:id',
    {
      schema: {
        summary:
          "What a proxy that asked to be enrolled must be proposed with; an operator's or auditor's token, or a signed `look`",
        params: Id,
      },
    },
    async request => {
      await askers.admitReader(request)
      return await requestOf(custody, (request.params as Static<typeof Id>).id)
    },
  )
  app.post(
    '/v1/requests',
    { schema: { summary: 'What an officer or delegate gets at their own signed word', body: Signed } },
    async request => {
      const { document, signature } = request.body as Static<typeof Signed>
      return await answerPerson(custody, await requests.takeOrTry(document, signature))
    },
  )

  rotationRoutes(app, custody, askers)

  app.get(
    '/v1/log/*',
    { schema: { summary: "The log's files (c2sp.org/tlog-tiles), for mirrors; an auditor's token" } },
    async (request, reply) => {
      await askers.admitToken(request, ['auditor'])
      const bytes = await storedFiles(custody.logStore).read((request.params as { '*': string })['*'])
      if (!bytes) throw new CustodyError('Unknown', 'The log has no such file.')
      return await reply.type('application/octet-stream').send(Buffer.from(bytes))
    },
  )
}

/** What anybody may hear, so that a custodian can be unsealed that knows nobody: no person's word, no tenant, no time. */
async function stateOf(custody: Custody) {
  const { state, origin } = custody
  const kind = (await sealInForce(custody.registry))?.kind
  const seal = kind === undefined ? null : sealStatus(kind)
  const stops = custody.stops
    .filter(({ scope }) => scope === '*')
    // Why it is forked or restored the program itself says; why it was killed, a person.
    .map(({ kind, scope, reason }) => (kind === 'killed' ? { kind, scope } : { kind, scope, reason }))
  if (state !== 'unsealed') return { origin, state, stops, loss: custody.loss ?? null, seal }
  const { log, witnessing } = custody.opened()
  const { last: _, ...witness } = witnessing.status()
  const head = { size: log.head.size, root: log.head.root.toString('base64') }
  return { origin, state, stops, seal, log: head, witness }
}

async function statusOf(custody: Custody, target: BackupTarget | undefined) {
  const backup = target ? { last: (await lastBackup(target).catch(() => undefined)) ?? null } : 'none'
  return { ...(await stateOf(custody)), stops: custody.stops, backup }
}
