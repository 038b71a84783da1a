import Type from 'typebox'
import { ACTS, checkPolicy, type Policy } from '../approvals/policy.ts'
import type { PolicyRecord } from '../people.ts'
import { type ActContext, defineAct, revisionOf } from './act.ts'
import { activeApprovers, checkGovernable, policyInForce } from './governable.ts'
import { keepOnce } from './keep-once.ts'

const Rule = Type.Object(
  {
    officers: Type.Union([Type.Integer({ minimum: 0, maximum: 32 }), Type.Literal('quorum')]),
    delegates: Type.Integer({ minimum: 0, maximum: 32 }),
    wait: Type.Integer({ minimum: 0, maximum: 48, description: 'hours' }),
    alone: Type.Boolean(),
  },
  { additionalProperties: false },
)

/**
 * Changes how many must approve which acts, and how long they wait. Every open proposal is stale then: it was
 * made under other rules.
 */
export const changeThresholds = defineAct({
  params: Type.Object(
    {
      rules: Type.Object(Object.fromEntries(ACTS.map(act => [act, Type.Optional(Rule)])), {
        additionalProperties: false,
        minProperties: 1,
        description: 'by act; acts that are not named keep their rule',
      }),
    },
    { additionalProperties: false },
  ),

  target: async context => await revisionOf(context, 'policy', 'policy'),

  async judge(context, { params }) {
    const { before, after } = await policies(context, params.rules as Partial<Policy>)
    checkPolicy(after)
    const approvers = await activeApprovers(context)
    checkGovernable({ policy: before, approvers }, { policy: after, approvers })
  },

  async execute(context, { params }, proposal) {
    const { kept, after } = await policies(context, params.rules as Partial<Policy>)
    return await keepOnce(context.custody, 'policy', 'policy', kept, after as PolicyRecord, proposal)
  },
})

async function policies(context: ActContext, rules: Partial<Policy>) {
  const kept = await context.custody.opened().records.find<PolicyRecord>('policy', 'policy')
  const before = await policyInForce(context)
  return { kept, before, after: { ...before, ...rules } as Policy }
}
