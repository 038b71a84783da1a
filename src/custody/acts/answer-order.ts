import Type from 'typebox'
import { statementEntry } from '../../evidence/evidence.ts'
import { signStatement } from '../../evidence/statement.ts'
import { digest } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import { answerOrder, defaultAnswer } from '../orders/order.ts'
import type { RecordKinds, TenantRecord } from '../people.ts'
import { type ActContext, defineAct, revisionOf } from './act.ts'

/** Answers an authority's order by a signed statement that the log holds. */
export const answerOrderAct = defineAct({
  params: Type.Object(
    { order: Type.String({ minLength: 1, maxLength: 64 }) },
    { additionalProperties: false },
  ),

  target: async (context, { params }) => await revisionOf(context, 'order', params.order),

  async judge(context, { params }) {
    if (!(await find(context, params.order)))
      throw new CustodyError('Unknown', 'there is no such order in the register')
  },

  async execute(context, { params, tenant }, proposal) {
    const { custody } = context
    const { records, log } = custody.opened()
    const order = await find(context, params.order)
    if (!order) throw new CustodyError('Unknown', 'there is no such order in the register')
    if (order.body.state === 'answered') return { order: order.id, answer: order.body.answer }
    const split = (await records.find<TenantRecord>('tenant', tenant))?.body.split ?? false
    const seal = await custody.registry.database.selectFrom('seal').select('kind').executeTakeFirstOrThrow()
    const checkpoint = `${log.head.size} ${log.head.root.toString('base64')}`
    const unattended = !['quorum', 'hsm+quorum'].includes(seal.kind)
    const holding = { ciphertext: false, seal: seal.kind, sealed: false, unattended, split, checkpoint }
    const made = custody.now()
    const body = defaultAnswer(order.body, holding)
    const statement = signStatement({ origin: custody.origin, kind: 'order-answer', made, body }, log.signer)
    const entry = statementEntry(statement, 'order-answer', made)
    const answered = answerOrder(order.body, digest(statement).toString('hex'))
    await custody.keep('order', order.id, order, answered, {
      ...entry,
      body: { ...entry.body, proposal },
    })
    return { order: order.id, answer: answered.answer }
  },
})

async function find({ custody }: ActContext, order: string) {
  return await custody.opened().records.find<RecordKinds['order']>('order', order)
}
