import Type from 'typebox'
import { CustodyError } from '../errors.ts'
import { defineAct } from './act.ts'

/** Lifts the kill switch from a tenant, or with `*` from all. */
export const liftKill = defineAct({
  params: Type.Object({}, { additionalProperties: false }),

  /** When it was pulled: pulled anew, it is lifted anew. */
  async target({ custody }, { tenant }) {
    return custody.stops.find(({ kind, scope }) => kind === 'killed' && scope === tenant)?.since ?? 0
  },

  async judge({ custody }, { tenant }) {
    if (!custody.stops.some(({ kind, scope }) => kind === 'killed' && scope === tenant))
      throw new CustodyError('Refused', 'the kill switch does not stand here, so there is nothing to lift')
  },

  async execute({ custody }, { tenant }) {
    await custody.lift('killed', tenant)
    return { scope: tenant }
  },
})
