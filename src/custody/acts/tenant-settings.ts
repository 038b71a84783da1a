import Type, { type Static } from 'typebox'
import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { TenantRecord } from '../people.ts'
import type { ActContext, Asked } from './act.ts'
import { keepOnce } from './keep-once.ts'

const Texts = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 100 })
const Fence = Type.Object(
  { deny: Texts, allow: Texts, countries: Texts, balancers: Texts },
  { additionalProperties: false },
)

/** A tenant's settings, as `loosen` and `tighten` name them: whole, so that whoever signs reads all of them. */
export const TenantSettings = Type.Object(
  {
    split: Type.Boolean({ description: 'the customer keeps a half of every wrap key; chosen once' }),
    ttl: Type.Integer({
      minimum: 60_000,
      maximum: 86_400_000,
      description: 'milliseconds that leases last',
    }),
    perUse: Texts,
    fence: Type.Union([Fence, Type.Null()]),
  },
  { additionalProperties: false },
)
export type TenantSettings = Static<typeof TenantSettings>

export async function tenantInForce({ custody }: ActContext, tenant: string) {
  return await custody.opened().records.find<TenantRecord>('tenant', tenant)
}

/** @throws CustodyError `Refused` where a tenant would become split, or cease to be */
export async function checkSplit(
  context: ActContext,
  { tenant, params }: Asked<TenantSettings>,
): Promise<void> {
  const kept = await tenantInForce(context, tenant)
  if (kept && kept.body.split !== params.split)
    throw new CustodyError('Refused', 'whether a tenant is split was chosen once, for good')
}

export async function keepTenant(
  context: ActContext,
  { tenant, params }: Asked<TenantSettings>,
  proposal: string,
): Promise<Json> {
  const kept = await tenantInForce(context, tenant)
  return await keepOnce(context.custody, 'tenant', tenant, kept, params, proposal)
}
