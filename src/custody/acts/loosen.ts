import { defineAct, revisionOf } from './act.ts'
import { checkSplit, keepTenant, TenantSettings } from './tenant-settings.ts'

/** Makes a tenant, or gives it other settings, wider ones too. */
export const loosen = defineAct({
  params: TenantSettings,
  target: async (context, { tenant }) => await revisionOf(context, 'tenant', tenant),
  judge: checkSplit,
  execute: keepTenant,
})
