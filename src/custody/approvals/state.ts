import type { Approval } from './approval.ts'
import { readApproval } from './approval.ts'
import type { Approver, ApproverRole } from './approver.ts'
import type { Proposal } from './document.ts'
import type { Needed } from './policy.ts'

export type ProposalState =
  | 'open'
  | 'approved'
  | 'waiting'
  | 'executing'
  | 'done'
  | 'failed'
  | 'rejected'
  | 'vetoed'
  | 'expired'
  | 'stale'

/** A proposal as it is kept. */
export type ProposalRecord = {
  /** Canonical text: what was hashed, and what is hashed again. */
  readonly document: string
  readonly state: ProposalState
  readonly decisions: readonly KeptDecision[]
  /** Milliseconds since 1970 by the witness's clock, from which it may be executed; 0 until enough approve. */
  readonly readyAt: number
  /** What came of it, in a sentence. */
  readonly outcome: string
}

/** A signed decision. `text` and `signature` are verified again before anything is executed. */
export type KeptDecision = {
  readonly text: string
  readonly signature: string
  readonly person: string
  readonly role: ApproverRole
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What a proposal's state depends on beside itself. */
export interface Circumstances {
  /** Milliseconds since 1970 by the witness's clock. */
  readonly now: number
  /** Those who may approve now, by fingerprint. */
  readonly approvers: ReadonlyMap<string, Approver>
  /** The person behind the proposer; undefined where the key or token counts no more. */
  readonly proposer: string | undefined
  /** Digest of the policy in force. */
  readonly policy: string
  /** Revision of what is to be changed. */
  readonly target: number
}

const FINAL: readonly ProposalState[] = [
  'executing',
  'done',
  'failed',
  'rejected',
  'vetoed',
  'expired',
  'stale',
]

export const isFinal = (state: ProposalState): boolean => FINAL.includes(state)

/** The state of a proposal here and now. It depends on nothing else, so that everybody computes the same. */
export function stateOf(record: ProposalRecord, proposal: Proposal, around: Circumstances): ProposalState {
  if (isFinal(record.state)) return record.state
  const decisions = withApprovals(record)
  if (decisions.some(({ approval }) => approval.decision === 'veto')) return 'vetoed'
  if (around.policy !== proposal.policy || around.target !== proposal.target) return 'stale'
  if (around.proposer === undefined) return 'stale'
  if (!decisions.every(({ approval, person, role }) => isStill(approval, person, role, around)))
    return 'stale'
  if (around.now >= proposal.expires) return 'expired'
  const rejecting = decisions
    .filter(({ approval }) => approval.decision === 'reject')
    .map(({ person }) => person)
  if (!canStillPass(proposal, rejecting, around)) return 'rejected'
  if (!isEnough(proposal, approvingIn(record, around.now), around.proposer)) return 'open'
  const ready = Math.max(record.readyAt, proposal.notBefore)
  return record.readyAt === 0 || around.now >= ready ? 'approved' : 'waiting'
}

const withApprovals = ({ decisions }: Pick<ProposalRecord, 'decisions'>) =>
  decisions.map(decision => ({ ...decision, approval: readApproval(decision.text) }))

/** The decisions that approve and have not expired. */
export function approvingIn(record: Pick<ProposalRecord, 'decisions'>, now: number): readonly KeptDecision[] {
  return withApprovals(record).filter(
    ({ approval }) => approval.decision === 'approve' && approval.expires > now,
  )
}

function isStill(
  approval: Approval,
  person: string,
  role: ApproverRole,
  { approvers }: Circumstances,
): boolean {
  const approver = approvers.get(approval.signer)
  return approver?.person === person && approver.role === role
}

/** Whether those who approve suffice: each person once, the proposer never, but where one may act alone. */
export function isEnough(
  { needed }: Proposal,
  approving: readonly Pick<KeptDecision, 'person' | 'role'>[],
  proposer: string | undefined,
): boolean {
  if (needed.alone) return approving.length > 0
  const { officers, delegates } = stillNeeded({ needed }, approving, proposer)
  return officers === 0 && delegates === 0
}

/** How many more have to approve. */
export function stillNeeded(
  { needed }: Pick<Proposal, 'needed'>,
  approving: readonly Pick<KeptDecision, 'person' | 'role'>[],
  proposer: string | undefined,
): Pick<Needed, 'officers' | 'delegates'> {
  const persons = (role: ApproverRole) =>
    new Set(
      approving
        .filter(decision => decision.role === role && decision.person !== proposer)
        .map(({ person }) => person),
    ).size
  return {
    officers: Math.max(0, needed.officers - persons('officer')),
    delegates: Math.max(0, needed.delegates - persons('delegate')),
  }
}

function canStillPass({ needed }: Proposal, rejecting: readonly string[], around: Circumstances): boolean {
  if (needed.alone) return true
  const left = [...around.approvers.values()].filter(
    ({ person }) => person !== around.proposer && !rejecting.includes(person),
  )
  const persons = (role: ApproverRole) =>
    new Set(left.filter(approver => approver.role === role).map(({ person }) => person)).size
  return persons('officer') >= needed.officers && persons('delegate') >= needed.delegates
}
