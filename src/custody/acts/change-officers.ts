import Type from 'typebox'
import { type Approver, fingerprintOf, readApprover } from '../approvals/approver.ts'
import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { OfficerRecord } from '../people.ts'
import { type ActContext, defineAct, revisionOf } from './act.ts'
import { activeApprovers, checkGovernable, policyInForce } from './governable.ts'
import { keepOnce } from './keep-once.ts'

/** An officer or delegate comes, changes or goes. */
export const changeOfficers = defineAct({
  params: Type.Object(
    {
      officer: Type.String({ maxLength: 100, description: "the key's fingerprint" }),
      approver: Type.Unknown({ description: 'role, party, person, key; null: goes' }),
    },
    { additionalProperties: false },
  ),

  target: async (context, { params }) => await revisionOf(context, 'officer', params.officer),

  async judge(context, { params }) {
    const { officer } = params
    const approver = params.approver as Json
    if (approver !== null) await checkComes(context, officer, readApprover(approver))
    else if ((await find(context, officer))?.body.state !== 'active')
      throw new CustodyError('Unknown', 'there is no such officer or delegate')
    const policy = await policyInForce(context)
    const approvers = await activeApprovers(context)
    const others = approvers.filter(one => fingerprintOf(one.key) !== officer)
    const after = approver === null ? others : [...others, readApprover(approver)]
    checkGovernable({ policy, approvers }, { policy, approvers: after })
  },

  async execute(context, { params }, proposal) {
    const { officer } = params
    const approver = params.approver as Json
    const kept = await find(context, officer)
    const body: OfficerRecord =
      approver === null ? { ...kept!.body, state: 'removed' } : { ...readApprover(approver), state: 'active' }
    return await keepOnce(context.custody, 'officer', officer, kept, body, proposal)
  },
})

async function find({ custody }: ActContext, fingerprint: string) {
  return await custody.opened().records.find<OfficerRecord>('officer', fingerprint)
}

async function checkComes({ custody }: ActContext, fingerprint: string, approver: Approver): Promise<void> {
  if (fingerprintOf(approver.key) !== fingerprint)
    throw new CustodyError('Malformed', 'the key has another fingerprint')
  const others = await custody.opened().records.all<OfficerRecord>('officer')
  const clash = others.some(
    ({ id, body }) =>
      id !== fingerprint &&
      body.state === 'active' &&
      body.person === approver.person &&
      (body.party !== approver.party || body.role !== approver.role),
  )
  if (clash) throw new CustodyError('Refused', 'a person counts in one party, in one role')
}
