import Type from 'typebox'
import { revokeProxy } from '../enrolment.ts'
import { defineAct, revisionOf } from './act.ts'

/** Ends a proxy's right to lease at once. */
export const revoke = defineAct({
  params: Type.Object({ proxy: Type.String({ pattern: '^[0-9a-f]{64}$' }) }, { additionalProperties: false }),

  target: async (context, { params }) => await revisionOf(context, 'proxy', params.proxy),

  async execute({ custody }, { params, proposer }) {
    await revokeProxy(custody, params.proxy, proposer)
    return { proxy: params.proxy }
  },
})
