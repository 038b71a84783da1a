import { canonical } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { TenantRecord } from '../people.ts'
import { perUseRule } from '../per-use.ts'
import { defineAct, revisionOf } from './act.ts'
import { checkSplit, keepTenant, TenantSettings, tenantInForce } from './tenant-settings.ts'

/** Gives a tenant settings that allow less than those in force. One person may. */
export const tighten = defineAct({
  params: TenantSettings,
  target: async (context, { tenant }) => await revisionOf(context, 'tenant', tenant),

  async judge(context, asked) {
    await checkSplit(context, asked)
    const kept = await tenantInForce(context, asked.tenant)
    if (!kept || !isTighter(kept.body, asked.params))
      throw new CustodyError('Refused', 'this does not only tighten: propose it as loosen')
  },

  execute: keepTenant,
})

function isTighter(old: TenantRecord, next: TenantRecord): boolean {
  const fence = canonical(old.fence) === canonical(next.fence) || old.fence === null
  return next.ttl <= old.ttl && old.perUse.every(rule => isKept(rule, next)) && fence
}

/** A bucket that had no further rule may get one; another rule is a loosening. */
function isKept(rule: TenantRecord['perUse'][number], next: TenantRecord): boolean {
  if (typeof rule === 'string') return perUseRule(next, rule) !== undefined
  return canonical(perUseRule(next, rule.bucket) ?? null) === canonical(rule)
}
