import Type, { type Static } from 'typebox'
import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { TenantRecord } from '../people.ts'
import type { ActContext, Asked } from './act.ts'
import { keepOnce } from './keep-once.ts'

const Text = Type.String({ minLength: 1, maxLength: 255 })
const Texts = Type.Array(Text, { maxItems: 100 })
const PerUse = Type.Object(
  {
    bucket: Text,
    callers: Type.Optional(Texts),
    actions: Type.Optional(Texts),
    reasons: Type.Optional(Texts),
  },
  { additionalProperties: false },
)
const Fence = Type.Object(
  { deny: Texts, allow: Texts, countries: Texts, balancers: Texts },
  { additionalProperties: false },
)

/** A tenant's settings, as `loosen` and `tighten` name them: whole, so that whoever signs reads all of them. */
export const TenantSettings = Type.Object(
  {
    split: Type.Union([Type.Literal(false), Type.String({ pattern: '^[0-9a-f]{32}$' })], {
      description: 'fingerprint of the half of every wrap key that the customer keeps, or false; chosen once',
    }),
    ttl: Type.Integer({
      minimum: 60_000,
      maximum: 86_400_000,
      description: 'milliseconds that leases last',
    }),
    perUse: Type.Array(Type.Union([Text, PerUse]), { maxItems: 100 }),
    fence: Type.Union([Fence, Type.Null()]),
  },
  { additionalProperties: false },
)
export type TenantSettings = Static<typeof TenantSettings>

export async function tenantInForce({ custody }: ActContext, tenant: string) {
  return await custody.opened().records.find<TenantRecord>('tenant', tenant)
}

/** @throws CustodyError `Refused` where a tenant would become split, or cease to be, or both split and per use */
export async function checkSplit(
  context: ActContext,
  { tenant, params }: Asked<TenantSettings>,
): Promise<void> {
  const kept = await tenantInForce(context, tenant)
  if (kept && kept.body.split !== params.split)
    throw new CustodyError('Refused', 'whether a tenant is split was chosen once, for good')
  if (params.split !== false && params.perUse.length > 0)
    throw new CustodyError('Refused', 'the custodian cannot use a key of which the customer keeps a half')
}

export async function keepTenant(
  context: ActContext,
  { tenant, params }: Asked<TenantSettings>,
  proposal: string,
): Promise<Json> {
  const kept = await tenantInForce(context, tenant)
  return await keepOnce(context.custody, 'tenant', tenant, kept, params, proposal)
}
