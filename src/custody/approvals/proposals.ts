import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { Entry } from '../log/entry.ts'
import { readApproval } from './approval.ts'
import { verifySignature } from './approver.ts'
import { checkNew, checkPerson, verifyAnew } from './checks.ts'
import { type Proposal, proposalId, readProposal } from './document.ts'
import {
  type CarriedAct,
  type CarriedActs,
  type Ground,
  type KeptProposal,
  Unfinished,
  type Wish,
} from './ground.ts'
import { type Act, policyDigest } from './policy.ts'
import { type Circumstances, isFinal, type ProposalRecord, stateOf } from './state.ts'

const MAX_SIGNATURE = 8192
const MAX_DECISIONS = 32

/**
 * Four eyes: proposals, the decisions on them, and their execution. Each step is one log entry and one
 * change of the record, kept together.
 */
export class Proposals {
  readonly #ground: Ground
  readonly #acts: CarriedActs

  /** @param acts what this custodian can carry out; nothing else can be proposed to it */
  constructor(ground: Ground, acts: CarriedActs) {
    this.#ground = ground
    this.#acts = acts
  }

  /** Revision of what a proposal would change; 0 where it is not there. @throws CustodyError `Malformed` */
  async target(wish: Wish): Promise<number> {
    return (await this.#acts[wish.act]?.target(wish)) ?? 0
  }

  /**
   * Takes a proposal.
   * @param by fingerprint of whoever is authenticated
   * @throws CustodyError `Malformed`, `Refused`, `Stale`, `Conflict`
   */
  async propose(document: Uint8Array, by: string): Promise<KeptProposal> {
    const proposal = readProposal(document)
    const act = this.#carried(proposal.act)
    await checkNew(this.#ground, proposal, await act.target(proposal), by)
    await act.judge(proposal)
    const text = Buffer.from(document).toString('utf8')
    const id = proposalId(text)
    if (await this.#ground.find(id)) throw new CustodyError('Conflict', 'this proposal is there already')
    const body: ProposalRecord = { document: text, state: 'open', decisions: [], readyAt: 0, outcome: '' }
    const { act: name, tenant, proposer, reason } = proposal
    return await this.#keep(id, undefined, body, 'proposal', { act: name, tenant, proposer, reason })
  }

  /**
   * Takes a signed decision.
   * @param text the seven lines of `approvalText`
   * @param signature SSH armour, or an authenticator's response as JSON
   * @throws CustodyError `Malformed`, `Unverified`, `Refused`, `Expired`, `Conflict`, `Stale`, `Vetoed`
   */
  async decide(text: string, signature: string): Promise<KeptProposal> {
    const ground = this.#ground
    if (signature.length > MAX_SIGNATURE) throw new CustodyError('TooLarge', 'the signature is too large')
    const approval = readApproval(text)
    if (approval.origin !== ground.origin)
      throw new CustodyError('Refused', `the approval is for ${approval.origin}`)
    const kept = await this.#refreshed(approval.proposal)
    assertDecidable(kept)
    const now = ground.witnessNow()
    if (approval.expires <= now) throw new CustodyError('Expired', 'the approval has expired: sign a new one')
    const approver = (await ground.approvers()).get(approval.signer)
    if (!approver) throw new CustodyError('Refused', 'this key may not approve')
    const proposal = readProposal(Buffer.from(kept.body.document))
    await checkPerson(ground, kept, proposal, approver, approval)
    const key = await verifySignature(approver.key, text, signature, ground.console)
    if (key !== approver.key) await ground.keepKey(approval.signer, key)
    const { person, role } = approver
    const decisions = [...kept.body.decisions, { text, signature, person, role, at: ground.now() }]
    if (decisions.length > MAX_DECISIONS)
      throw new CustodyError('Refused', 'too many have decided: propose it anew')
    const { decision, signer, proposal: id } = approval
    const body = await this.#judged({ ...kept.body, decisions }, proposal, now)
    return await this.#keep(id, kept, body, 'approval', { decision, signer, person, role })
  }

  /**
   * Carries out a proposal that is ready: everything is verified anew, the intent logged and seen by the
   * witness, then the act, then its outcome. One that was begun and cut off goes on from there.
   *
   * @throws CustodyError `AwaitsApproval`, `Refused`, `Expired`, `Stale`, `Vetoed`, `Unverified`, `Unreachable`
   */
  async execute(id: string): Promise<KeptProposal> {
    const kept = await this.#refreshed(id)
    const proposal = readProposal(Buffer.from(kept.body.document))
    if (kept.body.state === 'executing') return await this.#carryOut(kept, proposal)
    if (kept.body.state === 'open' || kept.body.state === 'waiting') throw awaits(kept.body)
    assertDecidable(kept)
    if (!this.#ground.mayExecute())
      throw new CustodyError(
        'Refused',
        "nothing is executed while our clock and the witness's are apart: set the clock",
      )
    await verifyAnew(this.#ground, kept.body, proposal)
    await this.#carried(proposal.act).judge(proposal)
    const body: ProposalRecord = { ...kept.body, state: 'executing' }
    return await this.#carryOut(await this.#keep(id, kept, body, 'intent', { act: proposal.act }), proposal)
  }

  /** One officer or delegate closes something: proposal, signature and act in one. */
  async actAlone(document: Uint8Array, text: string, signature: string): Promise<KeptProposal> {
    const proposal = readProposal(document)
    if (!proposal.needed.alone) throw takesMore(proposal)
    await this.propose(document, readApproval(text).signer)
    const { id } = await this.decide(text, signature)
    return await this.execute(id)
  }

  /**
   * Verifies one person's order to seal or kill, which keeps no record: after it there is nothing left to keep
   * it with. Such an order counts for five minutes, and repeated does nothing new.
   *
   * @throws CustodyError `Malformed`, `Refused`, `Expired`, `Stale`, `Unverified`
   */
  async verifyAlone(document: Uint8Array, text: string, signature: string): Promise<Proposal> {
    const [proposal, approval] = [readProposal(document), readApproval(text)]
    if (!proposal.needed.alone) throw takesMore(proposal)
    await checkNew(this.#ground, proposal, await this.target(proposal), approval.signer)
    const approver = (await this.#ground.approvers()).get(approval.signer)
    if (!approver) throw new CustodyError('Refused', 'this key may not approve')
    const { origin, proposal: named, decision, expires } = approval
    const id = proposalId(Buffer.from(document).toString('utf8'))
    if (origin !== this.#ground.origin || named !== id || decision !== 'approve')
      throw new CustodyError('Unverified', 'the signature is of another order')
    if (expires <= this.#ground.witnessNow())
      throw new CustodyError('Expired', 'the order has expired: sign a new one')
    const key = await verifySignature(approver.key, text, signature, this.#ground.console)
    if (key !== approver.key) await this.#ground.keepKey(approval.signer, key)
    return proposal
  }

  /** A proposal in the state that it has now. @throws CustodyError `Unknown` */
  async look(id: string): Promise<KeptProposal> {
    return await this.#refreshed(id)
  }

  /**
   * Brings every proposal to the state that the time and the circumstances give it; goes on with those that were
   * cut off or are unfinished. What fails keeps no other from its turn.
   *
   * @throws what failed first
   */
  async sweep(): Promise<void> {
    const failures: unknown[] = []
    for (const { id, body } of await this.#ground.all()) {
      try {
        if (body.state === 'executing') await this.execute(id)
        else if (!isFinal(body.state)) await this.#refreshed(id)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  async #carryOut(kept: KeptProposal, proposal: Proposal): Promise<KeptProposal> {
    await this.#ground.seen()
    try {
      const result = await this.#carried(proposal.act).execute(proposal, kept.id)
      const body: ProposalRecord = { ...kept.body, state: 'done', outcome: 'carried out' }
      return await this.#keep(kept.id, kept, body, 'outcome', { act: proposal.act, done: true, result })
    } catch (error) {
      if (error instanceof Unfinished) return await this.#keepUnfinished(kept, proposal, error)
      if (!(error instanceof CustodyError)) throw error
      const body: ProposalRecord = { ...kept.body, state: 'failed', outcome: error.message }
      return await this.#keep(kept.id, kept, body, 'outcome', {
        act: proposal.act,
        done: false,
        result: error.code,
      })
    }
  }

  async #keepUnfinished(
    kept: KeptProposal,
    { act }: Proposal,
    { message, until }: Unfinished,
  ): Promise<KeptProposal> {
    const { readyAt, outcome } = kept.body
    if (readyAt === until && outcome === message) return kept
    const body: ProposalRecord = { ...kept.body, readyAt: until, outcome: message }
    return await this.#keep(kept.id, kept, body, 'intent', { act, until })
  }

  #carried(act: Act): CarriedAct {
    const carried = this.#acts[act]
    if (!carried) throw new CustodyError('Refused', `this custodian cannot carry out ${act}`)
    return carried
  }

  async #refreshed(id: string): Promise<KeptProposal> {
    const kept = await this.#ground.find(id)
    if (!kept) throw new CustodyError('Unknown', 'there is no such proposal')
    const proposal = readProposal(Buffer.from(kept.body.document))
    if (proposalId(kept.body.document) !== id)
      throw new CustodyError('Unverified', 'the proposal is not the one that it is named after')
    const body = await this.#judged(kept.body, proposal, this.#ground.witnessNow())
    if (body.state === kept.body.state && body.readyAt === kept.body.readyAt) return kept
    return await this.#keep(id, kept, body, 'proposal', { act: proposal.act })
  }

  async #judged(body: ProposalRecord, proposal: Proposal, now: number): Promise<ProposalRecord> {
    const around = await this.#circumstances(proposal, now)
    const first = stateOf(body, proposal, around)
    if (first === 'open') return { ...body, state: first, readyAt: 0 }
    const { wait } = proposal.needed
    const readyAt =
      body.readyAt === 0 && first === 'approved' ? Math.max(now + wait, proposal.notBefore) : body.readyAt
    return { ...body, readyAt, state: stateOf({ ...body, readyAt }, proposal, around) }
  }

  async #circumstances(proposal: Proposal, now: number): Promise<Circumstances> {
    const ground = this.#ground
    return {
      now,
      approvers: await ground.approvers(),
      proposer: await ground.personOf(proposal.proposer),
      policy: policyDigest(await ground.policy()),
      target: await this.target(proposal),
    }
  }

  async #keep(
    id: string,
    before: KeptProposal | undefined,
    body: ProposalRecord,
    type: 'proposal' | 'approval' | 'intent' | 'outcome',
    about: Record<string, Json>,
  ): Promise<KeptProposal> {
    const entry: Entry = { type, at: this.#ground.now(), body: { ...about, proposal: id, state: body.state } }
    return await this.#ground.keep(id, before, body, entry)
  }
}

function takesMore({ act }: Proposal): CustodyError {
  return new CustodyError('Refused', `${act} takes more than one person: propose it`)
}

function awaits({ state, readyAt }: ProposalRecord): CustodyError {
  const until =
    state === 'waiting' ? `it waits until ${new Date(readyAt).toISOString()}` : 'approvals are missing'
  return new CustodyError('AwaitsApproval', until)
}

/** @throws CustodyError unless decisions still count */
function assertDecidable({ body: { state, outcome } }: KeptProposal): void {
  switch (state) {
    case 'vetoed':
      throw new CustodyError('Vetoed', 'the proposal was vetoed by the customer')
    case 'rejected':
      throw new CustodyError('Refused', 'the proposal was rejected')
    case 'expired':
      throw new CustodyError('Expired', 'the proposal has expired: make it anew')
    case 'stale':
      throw new CustodyError('Stale', 'what it stands on was changed meanwhile: make the proposal anew')
    case 'executing':
    case 'done':
    case 'failed':
      throw new CustodyError('Conflict', `the proposal is ${state}${outcome ? `: ${outcome}` : ''}`)
  }
}
