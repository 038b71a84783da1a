import { CustodyError } from '../errors.ts'
import { type Approval, readApproval } from './approval.ts'
import type { Approver } from './approver.ts'
import { checkNew, checkPerson, verifyAnew } from './checks.ts'
import { type Proposal, proposalId, readProposal } from './document.ts'
import type { CarriedAct, CarriedActs, Ground, KeptProposal, Wish } from './ground.ts'
import { personsWords } from './needed-words.ts'
import { type Act, type Needed, policyDigest } from './policy.ts'
import { approvingIn, type Circumstances, type ProposalRecord, stateOf, stillNeeded } from './state.ts'

const MAX_DECISIONS = 32

/** A proposal as it is kept, and as the time and the circumstances have it now. */
export interface Standing {
  readonly kept: KeptProposal
  readonly now: KeptProposal
  readonly proposal: Proposal
}

/** A decision that may be taken once its signature is verified. */
export interface AdmittedDecision extends Standing {
  readonly text: string
  readonly approval: Approval
  readonly approver: Approver
}

/**
 * What must hold before a proposal is taken, decided on or carried out: everything but the signature of a decision.
 * It changes nothing, so that a dry run asks just this.
 */
export class Admission {
  readonly #ground: Ground
  readonly #acts: CarriedActs

  /** @param acts what this custodian can carry out; nothing else can be proposed to it */
  constructor(ground: Ground, acts: CarriedActs) {
    this.#ground = ground
    this.#acts = acts
  }

  carried(act: Act): CarriedAct {
    const carried = this.#acts[act]
    if (!carried) throw new CustodyError('Refused', `this custodian cannot carry out ${act}`)
    return carried
  }

  /** Revision of what a proposal would change; 0 where it is not there. @throws CustodyError `Malformed` */
  async target(wish: Wish): Promise<number> {
    return (await this.#acts[wish.act]?.target(wish)) ?? 0
  }

  /**
   * @param by fingerprint of whoever is authenticated
   * @throws CustodyError `Malformed`, `Refused`, `Stale`, `Conflict`
   */
  async propose(document: Uint8Array, by: string): Promise<Proposal> {
    const proposal = readProposal(document)
    const act = this.carried(proposal.act)
    await checkNew(this.#ground, proposal, await act.target(proposal), by)
    await act.judge(proposal)
    const id = proposalId(Buffer.from(document).toString('utf8'))
    if (await this.#ground.find(id)) throw new CustodyError('Conflict', 'this proposal is there already')
    return proposal
  }

  /**
   * @param text the seven lines of `approvalText`
   * @throws CustodyError `Malformed`, `Refused`, `Expired`, `Conflict`, `Stale`, `Vetoed`
   */
  async decide(text: string): Promise<AdmittedDecision> {
    const ground = this.#ground
    const approval = readApproval(text)
    if (approval.origin !== ground.origin)
      throw new CustodyError('Refused', `the approval is for ${approval.origin}`)
    const standing = await this.standing(approval.proposal)
    assertDecidable(standing.now)
    if (approval.expires <= ground.witnessNow())
      throw new CustodyError('Expired', 'the approval has expired: sign a new one')
    const approver = await this.#approver(approval.signer)
    await checkPerson(ground, standing.now, standing.proposal, approver, approval)
    if (standing.now.body.decisions.length >= MAX_DECISIONS)
      throw new CustodyError('Refused', 'too many have decided: propose it anew')
    return { ...standing, text, approval, approver }
  }

  /** The record as an admitted decision leaves it. @param signature none in a dry run */
  async decided(
    { now, proposal, text, approver: { person, role } }: AdmittedDecision,
    signature = '',
  ): Promise<ProposalRecord> {
    const decision = { text, signature, person, role, at: this.#ground.now() }
    return await this.judged({ ...now.body, decisions: [...now.body.decisions, decision] }, proposal)
  }

  /** How many more have to approve. */
  async lacking(
    record: Pick<ProposalRecord, 'decisions'>,
    proposal: Proposal,
  ): Promise<Pick<Needed, 'officers' | 'delegates'>> {
    const approving = approvingIn(record, this.#ground.witnessNow())
    return stillNeeded(proposal, approving, await this.#ground.personOf(proposal.proposer))
  }

  /**
   * Verifies everything anew.
   *
   * @returns `executing` where it was begun and goes on
   * @throws CustodyError `AwaitsApproval`, `Refused`, `Expired`, `Stale`, `Vetoed`, `Unverified`
   */
  async execute(id: string): Promise<Standing> {
    const standing = await this.standing(id)
    const { now, proposal } = standing
    if (now.body.state === 'executing') return standing
    if (now.body.state === 'open')
      throw awaits(`approvals are missing: ${personsWords(await this.lacking(now.body, proposal))}`)
    if (now.body.state === 'waiting')
      throw awaits(`it waits until ${new Date(now.body.readyAt).toISOString()}`)
    assertDecidable(now)
    if (!(await this.#ground.mayExecute()))
      throw new CustodyError(
        'Refused',
        "Nothing is executed while our clock and the witness's are more than a minute apart. Set the clock, and try again.",
      )
    await verifyAnew(this.#ground, now.body, proposal)
    await this.carried(proposal.act).judge(proposal)
    return standing
  }

  /**
   * One person's order, proposal and approval in one.
   *
   * @throws CustodyError `Malformed`, `Refused`, `Expired`, `Stale`, `Unverified`
   */
  async alone(
    document: Uint8Array,
    text: string,
  ): Promise<{ readonly proposal: Proposal; readonly signer: string; readonly approver: Approver }> {
    const [proposal, approval] = [readProposal(document), readApproval(text)]
    if (!proposal.needed.alone) throw takesMore(proposal)
    await checkNew(this.#ground, proposal, await this.target(proposal), approval.signer)
    await this.#acts[proposal.act]?.judge(proposal)
    const approver = await this.#approver(approval.signer)
    const { origin, proposal: named, decision, expires } = approval
    const id = proposalId(Buffer.from(document).toString('utf8'))
    if (origin !== this.#ground.origin || named !== id || decision !== 'approve')
      throw new CustodyError('Unverified', 'the signature is of another order')
    if (expires <= this.#ground.witnessNow())
      throw new CustodyError('Expired', 'the order has expired: sign a new one')
    return { proposal, signer: approval.signer, approver }
  }

  /** @throws CustodyError `Unknown`, `Unverified` */
  async standing(id: string): Promise<Standing> {
    const kept = await this.#ground.find(id)
    if (!kept) throw new CustodyError('Unknown', 'there is no such proposal')
    const proposal = readProposal(Buffer.from(kept.body.document))
    if (proposalId(kept.body.document) !== id)
      throw new CustodyError('Unverified', 'the proposal is not the one that it is named after')
    return { kept, now: { ...kept, body: await this.judged(kept.body, proposal) }, proposal }
  }

  /** A record in the state that the time and the circumstances give it. */
  async judged(body: ProposalRecord, proposal: Proposal): Promise<ProposalRecord> {
    const now = this.#ground.witnessNow()
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

  async #approver(signer: string): Promise<Approver> {
    const approver = (await this.#ground.approvers()).get(signer)
    if (approver) return approver
    throw new CustodyError('Refused', 'this key may not approve')
  }
}

function takesMore({ act }: Proposal): CustodyError {
  return new CustodyError('Refused', `${act} takes more than one person: propose it`)
}

function awaits(what: string): CustodyError {
  return new CustodyError('AwaitsApproval', what)
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
