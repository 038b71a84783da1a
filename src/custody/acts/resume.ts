import { suspendKeys } from '../erasure/key-states.ts'
import { defineAct } from './act.ts'
import { ChosenKeys, checkChosen } from './chosen-keys.ts'

/** Lifts the suspension from group keys. */
export const resume = defineAct({
  params: ChosenKeys,
  judge: checkChosen,

  async execute({ custody }, { tenant, params }, proposal) {
    const { log } = custody.opened()
    const body = { step: 'resumed', tenant, keys: [...params.keys], proposal }
    await log.append({ type: 'key', at: custody.now(), body }, async transaction => {
      await suspendKeys(transaction, tenant, params.keys, 0)
    })
    return { resumed: [...params.keys] }
  },
})
