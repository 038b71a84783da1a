import Type from 'typebox'
import { CustodyError } from '../errors.ts'
import { defineAct } from './act.ts'

/**
 * Goes on without what the witness has seen and nobody has any more: the log begins anew under another name, and
 * its first entries name both heads.
 */
export const acceptLoss = defineAct({
  params: Type.Object({}, { additionalProperties: false }),
  besideLoss: true,

  async judge({ custody }) {
    if (!custody.loss)
      throw new CustodyError('Refused', 'no entry of the log is missing here, so there is no loss to accept')
  },

  async execute({ custody, rootChanged }, _, proposal) {
    const origin = await custody.acceptLoss(proposal)
    // The backups before are of the log that was given up.
    await rootChanged()
    return { origin }
  },
})
