import { CustodyError } from '../errors.ts'
import { type Approval, readApproval } from './approval.ts'
import { type Approver, verifySignature } from './approver.ts'
import { type Proposal, proposalId } from './document.ts'
import type { Ground, KeptProposal } from './ground.ts'
import { neededFor, policyDigest } from './policy.ts'
import { isEnough, type KeptDecision, type ProposalRecord } from './state.ts'

/** Milliseconds by which a proposal's clock may differ from the witness's. */
const SKEW = 5 * 60_000

/**
 * A proposal that comes in stands on what is in force at this moment.
 *
 * @param target revision of what it would change
 * @param by fingerprint of whoever is authenticated
 * @throws CustodyError `Refused`, `Stale`
 */
export async function checkNew(
  ground: Ground,
  proposal: Proposal,
  target: number,
  by: string,
): Promise<void> {
  const now = ground.witnessNow()
  if (proposal.origin !== ground.origin)
    throw new CustodyError('Refused', `the proposal is for ${proposal.origin}`)
  if (proposal.proposer !== by) throw new CustodyError('Refused', 'a proposal names its own proposer')
  if (Math.abs(proposal.created - now) > SKEW)
    throw new CustodyError(
      'Refused',
      'the proposal was not made just now: look at the clock, and make it anew',
    )
  const policy = await ground.policy()
  if (proposal.policy !== policyDigest(policy))
    throw new CustodyError('Stale', 'the policy was changed: make the proposal anew')
  const needed = neededFor(policy, proposal.act, await ground.governors())
  const same = (['officers', 'delegates', 'wait', 'alone'] as const).every(
    name => needed[name] === proposal.needed[name],
  )
  if (!same) throw new CustodyError('Refused', 'the proposal names other approvals than the policy demands')
  if (proposal.target !== target)
    throw new CustodyError('Stale', 'what is to be changed was changed meanwhile: make the proposal anew')
}

/**
 * A person decides once, and never on what they proposed themselves.
 *
 * @throws CustodyError `Refused`, `Conflict`
 */
export async function checkPerson(
  ground: Ground,
  { body }: KeptProposal,
  proposal: Proposal,
  approver: Approver,
  { decision, nonce }: Approval,
): Promise<void> {
  if (body.decisions.some(({ text }) => readApproval(text).nonce === nonce))
    throw new CustodyError('Conflict', 'this approval was used already')
  if (decision === 'veto') {
    if (approver.role !== 'delegate')
      throw new CustodyError('Refused', 'only a delegate of the customer may veto')
    return
  }
  if (body.decisions.some(({ person }) => person === approver.person))
    throw new CustodyError('Conflict', 'this person has decided already')
  if (proposal.needed.alone || decision === 'reject') return
  if ((await ground.personOf(proposal.proposer)) === approver.person)
    throw new CustodyError('Refused', 'nobody approves a proposal of their own')
}

/**
 * Verifies every approval again, from the bytes that were signed, before anything is carried out.
 *
 * @throws CustodyError `Unverified`, `AwaitsApproval`
 */
export async function verifyAnew(
  ground: Ground,
  { document, decisions }: ProposalRecord,
  proposal: Proposal,
): Promise<void> {
  const known = await ground.approvers()
  const now = ground.witnessNow()
  const approving: KeptDecision[] = []
  for (const decision of decisions) {
    const approval = readApproval(decision.text)
    if (approval.decision !== 'approve' || approval.expires <= now) continue
    const approver = known.get(approval.signer)
    if (!approver || approval.proposal !== proposalId(document) || approval.origin !== ground.origin)
      throw new CustodyError(
        'Unverified',
        'an approval is not of this proposal: seal, and look into the registry',
      )
    // A counter that has moved on since must not refuse a signature that was good when it was made.
    const key = approver.key.kind === 'passkey' ? { ...approver.key, counter: 0 } : approver.key
    await verifySignature(key, decision.text, decision.signature, ground.console)
    approving.push({ ...decision, person: approver.person, role: approver.role })
  }
  if (!isEnough(proposal, approving, await ground.personOf(proposal.proposer)))
    throw new CustodyError('AwaitsApproval', 'the approvals that still count are too few')
}
