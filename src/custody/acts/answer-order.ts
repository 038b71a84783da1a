import Type from 'typebox'
import { statementEntry } from '../../evidence/evidence.ts'
import { signStatement } from '../../evidence/statement.ts'
import { digest } from '../canonical.ts'
import { answerOrder, defaultAnswer } from '../orders/order.ts'
import { findOrder, keepOrder } from '../orders/register.ts'
import type { TenantRecord } from '../people.ts'
import { sealStatus } from '../seals/offers.ts'
import { defineAct, revisionOf } from './act.ts'

/** Answers an authority's order by a signed statement that the log holds. */
export const answerOrderAct = defineAct({
  params: Type.Object(
    { order: Type.String({ minLength: 1, maxLength: 64 }) },
    { additionalProperties: false },
  ),

  target: async (context, { params }) => await revisionOf(context, 'order', params.order),

  async judge(context, { params }) {
    await findOrder(context.custody, params.order)
  },

  async execute(context, { params, tenant }, proposal) {
    const { custody } = context
    const { records, log } = custody.opened()
    const order = await findOrder(custody, params.order)
    const answered = (answer: string) => ({ order: order.id, answer: digest(answer).toString('hex') })
    if (order.body.state === 'answered') return answered(order.body.answer)
    const split = ((await records.find<TenantRecord>('tenant', tenant))?.body.split ?? false) !== false
    const seal = await custody.registry.database.selectFrom('seal').select('kind').executeTakeFirstOrThrow()
    const checkpoint = `${log.head.size} ${log.head.root.toString('base64')}`
    const { unattended } = sealStatus(seal.kind)
    const holding = { ciphertext: false, seal: seal.kind, sealed: false, unattended, split, checkpoint }
    const made = custody.now()
    const body = defaultAnswer(order.body, holding)
    const statement = signStatement({ origin: custody.origin, kind: 'order-answer', made, body }, log.signer)
    const { body: named, ...entry } = statementEntry(statement, 'order-answer', made)
    // The customer mirrors the log: under a legal bar the answer stands there as its digest.
    const shown = order.body.legalBar === '' ? named : { ...named, statement: null }
    await keepOrder(custody, order, answerOrder(order.body, statement), {
      ...entry,
      body: { ...shown, proposal },
    })
    return answered(statement)
  },
})
