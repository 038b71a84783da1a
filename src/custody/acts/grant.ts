import Type from 'typebox'
import { CustodyError } from '../errors.ts'
import type { ProxyRecord } from '../people.ts'
import { type ActContext, defineAct, revisionOf } from './act.ts'
import { keepOnce } from './keep-once.ts'

/** Milliseconds for which a proxy may pass the fence as a member of staff, at most. */
const LONGEST_STAFF = 90 * 24 * 3_600_000

/** Gives an enrolled proxy other buckets, or a dated pass through the fence as a member of staff. */
export const grant = defineAct({
  params: Type.Object(
    {
      proxy: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      buckets: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
        maxItems: 100,
        description: '`*`: all of the tenant',
      }),
      staffUntil: Type.Integer({
        minimum: 0,
        description: 'until when it passes the fence as staff, milliseconds since 1970; 0: not at all',
      }),
    },
    { additionalProperties: false },
  ),

  target: async (context, { params }) => await revisionOf(context, 'proxy', params.proxy),

  async judge(context, { tenant, params }) {
    const { body } = await enrolled(context, params.proxy)
    if (body.state !== 'enrolled' || body.tenant !== tenant)
      throw new CustodyError('Refused', 'this proxy is not enrolled for the tenant')
    if (params.staffUntil > context.custody.now() + LONGEST_STAFF)
      throw new CustodyError('Refused', 'a proxy passes as a member of staff for 90 days at most')
  },

  async execute(context, { params: { proxy, buckets, staffUntil } }, proposal) {
    const { custody } = context
    const kept = await enrolled(context, proxy)
    const body: ProxyRecord = { ...kept.body, buckets, staffUntil }
    const outcome = await keepOnce(custody, 'proxy', proxy, kept, body, proposal)
    // What it may no longer use it drops now, not when its lease ends.
    custody.tellProxy(proxy)
    return outcome
  },
})

async function enrolled({ custody }: ActContext, proxy: string) {
  const kept = await custody.opened().records.find<ProxyRecord>('proxy', proxy)
  if (kept) return kept
  throw new CustodyError('Unknown', 'there is no such proxy')
}
