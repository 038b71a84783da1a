import { destroyChosen } from '../erasure/erasure.ts'
import { defineAct, revisionOf } from './act.ts'
import { ChosenKeys, checkChosen } from './chosen-keys.ts'

/**
 * Destroys group keys, and with them whatever they sealed: all of a tenant's with `*`, and its KEKs with them.
 * Leases that are out end first, so it may go on for as long as a lease lasts.
 */
export const destroyKeys = defineAct({
  params: ChosenKeys,
  target: async (context, { tenant }) => await revisionOf(context, 'tenant', tenant),
  judge: checkChosen,
  execute: async ({ custody }, { tenant, params }, proposal) =>
    await destroyChosen(custody, tenant, params.keys, proposal),
})
