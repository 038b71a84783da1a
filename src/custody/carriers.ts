import { statementEntry } from '../evidence/evidence.ts'
import { signStatement } from '../evidence/statement.ts'
import { fingerprintOf, readApprover } from './approvals/approver.ts'
import type { Proposal } from './approvals/document.ts'
import type { Act } from './approvals/policy.ts'
import type { Carry } from './approvals/proposals.ts'
import { canonical, digest, type Json } from './canonical.ts'
import type { Custody } from './custody.ts'
import { enrol, revokeProxy } from './enrolment.ts'
import { CustodyError } from './errors.ts'
import { answerOrder, defaultAnswer } from './orders/order.ts'
import type { OfficerRecord, RecordKinds, TenantRecord } from './people.ts'
import type { Kept } from './records.ts'

/** What the custodian can carry out once it is approved. Each finds out whether it was done already. */
export function carriers(custody: Custody): Partial<Record<Act, Carry>> {
  return {
    'enrol-proxy': async ({ tenant, params }, id) => {
      const buckets = list(params['buckets'])
      const proxy = text(params['proxy'])
      const { revision } = await enrol(
        custody,
        { fingerprint: proxy, tenant, buckets, key: text(params['key']) },
        id,
      )
      return { proxy, revision }
    },
    revoke: async ({ params, proposer }) => {
      const proxy = text(params['proxy'])
      await revokeProxy(custody, proxy, proposer)
      return { proxy }
    },
    loosen: async (proposal, id) => await setTenant(custody, proposal, id),
    tighten: async (proposal, id) => {
      const kept = await custody.opened().records.find<TenantRecord>('tenant', proposal.tenant)
      if (!kept || !isTighter(kept.body, tenantOf(proposal)))
        throw new CustodyError('Refused', 'this does not only tighten: propose it as loosen')
      return await setTenant(custody, proposal, id)
    },
    'change-officers': async (proposal, id) => await changeOfficer(custody, proposal, id),
    'lift-kill': async ({ tenant }) => {
      await custody.lift('killed', tenant)
      return { scope: tenant }
    },
    'answer-order': async (proposal, id) => await answer(custody, proposal, id),
  }
}

async function setTenant(custody: Custody, proposal: Proposal, id: string): Promise<Json> {
  const { records } = custody.opened()
  const kept = await records.find<TenantRecord>('tenant', proposal.tenant)
  const body = tenantOf(proposal)
  if (kept && kept.body.split !== body.split)
    throw new CustodyError('Refused', 'whether a tenant is split was chosen once, for good')
  return await keepOnce(custody, 'tenant', proposal.tenant, kept, body, { proposal: id })
}

async function changeOfficer(custody: Custody, { params }: Proposal, id: string): Promise<Json> {
  const fingerprint = text(params['officer'])
  const kept = await custody.opened().records.find<OfficerRecord>('officer', fingerprint)
  if (params['approver'] === null) {
    if (!kept) throw new CustodyError('Unknown', 'there is no such officer or delegate')
    return await keepOnce(
      custody,
      'officer',
      fingerprint,
      kept,
      { ...kept.body, state: 'removed' },
      { proposal: id },
    )
  }
  const approver = readApprover(params['approver'] ?? null)
  if (fingerprintOf(approver.key) !== fingerprint)
    throw new CustodyError('Malformed', 'the key has another fingerprint')
  const others = await custody.opened().records.all<OfficerRecord>('officer')
  const clash = others.some(
    ({ body }) =>
      body.state === 'active' &&
      body.person === approver.person &&
      (body.party !== approver.party || body.role !== approver.role),
  )
  if (clash) throw new CustodyError('Refused', 'a person counts in one party, in one role')
  return await keepOnce(
    custody,
    'officer',
    fingerprint,
    kept,
    { ...approver, state: 'active' },
    { proposal: id },
  )
}

async function answer(custody: Custody, { params, tenant }: Proposal, id: string): Promise<Json> {
  const { records, log } = custody.opened()
  const order = await records.find<RecordKinds['order']>('order', text(params['order']))
  if (!order) throw new CustodyError('Unknown', 'there is no such order in the register')
  if (order.body.state === 'answered') return { order: order.id, answer: order.body.answer }
  const split = (await records.find<TenantRecord>('tenant', tenant))?.body.split ?? false
  const seal = await custody.registry.database.selectFrom('seal').select('kind').executeTakeFirstOrThrow()
  const checkpoint = `${log.head.size} ${log.head.root.toString('base64')}`
  const unattended = !['quorum', 'hsm+quorum'].includes(seal.kind)
  const holding = { ciphertext: false, seal: seal.kind, sealed: false, unattended, split, checkpoint }
  const made = custody.now()
  const body = defaultAnswer(order.body, holding)
  const statement = signStatement({ origin: custody.origin, kind: 'order-answer', made, body }, log.signer)
  const entry = statementEntry(statement, 'order-answer', made)
  const answered = answerOrder(order.body, digest(statement).toString('hex'))
  await custody.keep('order', order.id, order, answered, {
    ...entry,
    body: { ...entry.body, proposal: id },
  })
  return { order: order.id, answer: answered.answer }
}

/** Keeps a record, unless a first try has kept it already. */
async function keepOnce<Kind extends 'tenant' | 'officer'>(
  custody: Custody,
  kind: Kind,
  id: string,
  kept: Kept<RecordKinds[Kind]> | undefined,
  body: RecordKinds[Kind],
  about: Record<string, string>,
): Promise<Json> {
  if (kept && canonical(kept.body) === canonical(body)) return { [kind]: id, revision: kept.revision }
  const { revision } = await custody.keep(kind, id, kept, body, {
    type: 'policy',
    at: custody.now(),
    body: about,
  })
  return { [kind]: id, revision }
}

function tenantOf({ params }: Proposal): TenantRecord {
  const { split, ttl, perUse, fence } = params
  const right = typeof split === 'boolean' && typeof ttl === 'number' && ttl >= 60_000 && ttl <= 86_400_000
  if (!right) throw new CustodyError('Malformed', 'a tenant has split, ttl (1 min to 24 h), perUse and fence')
  return { split, ttl, perUse: list(perUse), fence: (fence ?? null) as TenantRecord['fence'] }
}

function isTighter(old: TenantRecord, next: TenantRecord): boolean {
  const fence = canonical(old.fence) === canonical(next.fence) || old.fence === null
  return next.ttl <= old.ttl && old.perUse.every(bucket => next.perUse.includes(bucket)) && fence
}

function text(value: Json | undefined): string {
  if (typeof value === 'string' && value.length > 0) return value
  throw new CustodyError('Malformed', 'the proposal lacks a parameter')
}

function list(value: Json | undefined): string[] {
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value as string[]
  throw new CustodyError('Malformed', 'the proposal lacks a list')
}
