import Type from 'typebox'
import { CustodyError } from '../errors.ts'
import { exportOf, keepExport } from '../export/kept-exports.ts'
import { sealTo } from '../hpke.ts'
import { type ActContext, type Asked, defineAct, revisionOf } from './act.ts'

const Params = Type.Object(
  {
    recipient: Type.String({
      pattern: '^[A-Za-z0-9_-]{43}$',
      description: 'public key that the group keys are sealed to (`treuhand custodian keys recipient`)',
    }),
    buckets: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
      minItems: 1,
      maxItems: 100,
      description: '`*`: all',
    }),
    epochs: Type.Array(Type.String({ minLength: 1, maxLength: 9 }), {
      minItems: 1,
      maxItems: 100,
      description: 'as `2026-11`; `*`: all',
    }),
  },
  { additionalProperties: false },
)

/** Seals group keys to a recipient, who opens objects with them without any custodian. */
export const exportKeys = defineAct({
  params: Params,

  target: async (context, { tenant }) => await revisionOf(context, 'tenant', tenant),

  async judge(context, asked) {
    await checkRecipient(asked.params.recipient)
    if ((await wanted(context, asked)).length === 0)
      throw new CustodyError('Unknown', 'the tenant has no such group key')
  },

  async execute(context, asked, proposal) {
    const { custody } = context
    if ((await exportOf(custody, proposal)) !== undefined) return { again: true }
    const rows = await wanted(context, asked)
    return await keepExport(custody, asked.tenant, rows, asked.params.recipient, proposal)
  },
})

async function wanted({ custody }: ActContext, { tenant, params }: Asked<Type.Static<typeof Params>>) {
  return await custody.opened(tenant).groupKeys.held(tenant, params.buckets, params.epochs)
}

/** A point of small order would let everybody open what is sealed to it. @throws CustodyError `Malformed` */
export async function checkRecipient(recipient: string): Promise<void> {
  try {
    await sealTo(Buffer.from(recipient, 'base64url'), new Uint8Array(32), ['treuhand/probe/v1'])
  } catch {
    throw new CustodyError(
      'Malformed',
      'the recipient is no X25519 public key that anything can be sealed to',
    )
  }
}
