import { suspendKeys } from '../erasure/key-states.ts'
import { defineAct } from './act.ts'
import { ChosenKeys, checkChosen } from './chosen-keys.ts'

/** Lets group keys be leased to nobody, until officers lift it. One person may. */
export const suspend = defineAct({
  params: ChosenKeys,
  judge: checkChosen,

  async execute({ custody }, { tenant, params }, proposal) {
    const { log } = custody.opened()
    const body = { step: 'suspended', tenant, keys: [...params.keys], proposal }
    await log.append({ type: 'key', at: custody.now(), body }, async transaction => {
      await suspendKeys(transaction, tenant, params.keys, 1)
    })
    custody.tellTenant(tenant)
    return { suspended: [...params.keys] }
  },
})
