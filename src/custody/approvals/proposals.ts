import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { Entry } from '../log/entry.ts'
import { Admission } from './admission.ts'
import { readApproval } from './approval.ts'
import { type Approver, verifySignature } from './approver.ts'
import { type Proposal, proposalId } from './document.ts'
import { type CarriedActs, type Ground, type KeptProposal, Unfinished } from './ground.ts'
import { isFinal, type ProposalRecord } from './state.ts'

const MAX_SIGNATURE = 8192

/**
 * Four eyes: proposals, the decisions on them, and their execution. Each step is one log entry and one
 * change of the record, kept together.
 */
export class Proposals {
  /** What must hold before a step: what dry runs ask. */
  readonly admission: Admission
  readonly #ground: Ground

  /** @param acts what this custodian can carry out; nothing else can be proposed to it */
  constructor(ground: Ground, acts: CarriedActs) {
    this.#ground = ground
    this.admission = new Admission(ground, acts)
  }

  /**
   * Takes a proposal.
   * @param by fingerprint of whoever is authenticated
   * @throws CustodyError `Malformed`, `Refused`, `Stale`, `Conflict`
   */
  async propose(document: Uint8Array, by: string): Promise<KeptProposal> {
    const { act, tenant, proposer, reason } = await this.admission.propose(document, by)
    const text = Buffer.from(document).toString('utf8')
    const body: ProposalRecord = { document: text, state: 'open', decisions: [], readyAt: 0, outcome: '' }
    return await this.#keep(proposalId(text), undefined, body, 'proposal', { act, tenant, proposer, reason })
  }

  /**
   * Takes a signed decision.
   * @param text the seven lines of `approvalText`
   * @param signature SSH armour, or an authenticator's response as JSON
   * @throws CustodyError `Malformed`, `Unverified`, `Refused`, `Expired`, `Conflict`, `Stale`, `Vetoed`
   */
  async decide(text: string, signature: string): Promise<KeptProposal> {
    // What it has become by now is kept also where the decision comes too late.
    await this.look(readApproval(text).proposal)
    const admitted = await this.admission.decide(text)
    const { kept, approval, approver } = admitted
    await this.#verify(approval.signer, approver, text, signature)
    const { person, role } = approver
    const { decision, signer } = approval
    const body = await this.admission.decided(admitted, signature)
    return await this.#keep(kept.id, kept, body, 'approval', { decision, signer, person, role })
  }

  /**
   * Carries out a proposal that is ready: everything is verified anew, the intent logged and seen by the
   * witness, then the act, then its outcome. One that was begun and cut off goes on from there.
   *
   * @throws CustodyError `AwaitsApproval`, `Refused`, `Expired`, `Stale`, `Vetoed`, `Unverified`, `Unreachable`
   */
  async execute(id: string): Promise<KeptProposal> {
    await this.look(id)
    const { kept, now, proposal } = await this.admission.execute(id)
    if (kept.body.state === 'executing') return await this.#carryOut(kept, proposal)
    const body: ProposalRecord = { ...now.body, state: 'executing' }
    return await this.#carryOut(await this.#keep(id, kept, body, 'intent', { act: proposal.act }), proposal)
  }

  /** One officer or delegate closes something: proposal, signature and act in one. */
  async actAlone(document: Uint8Array, text: string, signature: string): Promise<KeptProposal> {
    await this.admission.alone(document, text)
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
    const { proposal, signer, approver } = await this.admission.alone(document, text)
    await this.#verify(signer, approver, text, signature)
    return proposal
  }

  /** A proposal in the state that it has now. @throws CustodyError `Unknown` */
  async look(id: string): Promise<KeptProposal> {
    const { kept, now, proposal } = await this.admission.standing(id)
    if (now.body.state === kept.body.state && now.body.readyAt === kept.body.readyAt) return kept
    return await this.#keep(id, kept, now.body, 'proposal', { act: proposal.act })
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
        else if (!isFinal(body.state)) await this.look(id)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  async #carryOut(kept: KeptProposal, proposal: Proposal): Promise<KeptProposal> {
    await this.#ground.seen()
    try {
      const result = await this.admission.carried(proposal.act).execute(proposal, kept.id)
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

  /** @throws CustodyError `TooLarge`, `Unverified` */
  async #verify(signer: string, { key }: Approver, text: string, signature: string): Promise<void> {
    if (signature.length > MAX_SIGNATURE) throw new CustodyError('TooLarge', 'the signature is too large')
    const used = await verifySignature(key, text, signature, this.#ground.console)
    if (used !== key) await this.#ground.keepKey(signer, used)
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
