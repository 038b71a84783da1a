import Type from 'typebox'
import { completeDeposit } from '../export/deposit.ts'
import type { DepositRecord } from '../people.ts'
import { defineAct, revisionOf } from './act.ts'
import { checkRecipient } from './export-keys.ts'
import { keepOnce } from './keep-once.ts'

/**
 * Has each group key of a tenant sealed to the customer's offline key in the moment in which it is made, those
 * that are there included: lest the trustee end. It is an export for good, so it takes what an export takes.
 */
export const depositKeys = defineAct({
  params: Type.Object(
    {
      recipient: Type.Union([Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }), Type.Null()], {
        description: 'public key that the group keys are sealed to; null: deposited with nobody any more',
      }),
    },
    { additionalProperties: false },
  ),

  target: async (context, { tenant }) => await revisionOf(context, 'deposit', tenant),

  async judge(_, { params }) {
    if (params.recipient !== null) await checkRecipient(params.recipient)
  },

  async execute({ custody }, { tenant, params: { recipient } }, proposal) {
    const kept = await custody.opened(tenant).records.find<DepositRecord>('deposit', tenant)
    const outcome = await keepOnce(custody, 'deposit', tenant, kept, { recipient }, proposal)
    if (recipient === null)
      await custody.registry.write(transaction =>
        transaction.deleteFrom('deposits').where('tenant', '=', tenant).execute(),
      )
    else await completeDeposit(custody, tenant, recipient)
    return outcome
  },
})
