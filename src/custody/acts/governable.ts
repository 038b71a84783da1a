import type { Approver, ApproverRole } from '../approvals/approver.ts'
import { DEFAULT_POLICY, neededFor, type Policy } from '../approvals/policy.ts'
import { CustodyError } from '../errors.ts'
import type { OfficerRecord, PolicyRecord } from '../people.ts'
import type { ActContext } from './act.ts'

/** Who may decide, under which rules. */
export interface Government {
  readonly policy: Policy
  readonly approvers: readonly Approver[]
}

export async function activeApprovers({ custody }: Pick<ActContext, 'custody'>): Promise<Approver[]> {
  const officers = await custody.opened().records.all<OfficerRecord>('officer')
  return officers.map(({ body }) => body).filter(({ state }) => state === 'active')
}

/** A policy that was kept by an older version takes the default rule for acts that it did not know. */
export async function policyInForce({ custody }: Pick<ActContext, 'custody'>): Promise<Policy> {
  const kept = await custody.deciding().records.find<PolicyRecord>('policy', 'policy')
  return { ...DEFAULT_POLICY, ...(kept?.body as Policy | undefined) }
}

/**
 * Refuses a change after which nobody could change officers or thresholds any more, or by which the customer
 * would have nobody left who decides: no proposal could undo it.
 *
 * @throws CustodyError `Refused`
 */
export function checkGovernable(before: Government, after: Government): void {
  if (persons(before, 'delegate') > 0 && persons(after, 'delegate') === 0)
    throw new CustodyError('Refused', 'the customer would have no delegate left: admit another one first')
  for (const act of ['change-officers', 'change-thresholds'] as const)
    if (canPass(before, act) && !canPass(after, act))
      throw new CustodyError('Refused', `too few would be left to carry ${act}, so nothing could undo this`)
}

/** Whether enough persons are there beside a proposer. */
function canPass(government: Government, act: 'change-officers' | 'change-thresholds'): boolean {
  const [officers, delegates] = [persons(government, 'officer'), persons(government, 'delegate')]
  const needed = neededFor(government.policy, act, { quorum: 2, delegates: delegates > 0 })
  const enough = (officers: number, delegates: number) =>
    officers >= needed.officers && delegates >= needed.delegates
  return enough(officers - 1, delegates) || enough(officers, delegates - 1)
}

function persons({ approvers }: Government, role: ApproverRole): number {
  return new Set(approvers.filter(one => one.role === role).map(({ person }) => person)).size
}
