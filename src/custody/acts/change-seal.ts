import Type from 'typebox'
import { CustodyError } from '../errors.ts'
import { checkPlan } from '../quorum/quorum.ts'
import { changeRoot } from '../seals/change-root.ts'
import { keepCeremony, keptCeremony, planOf } from '../seals/kept-ceremony.ts'
import { isQuorumKind, sealInForce } from '../seals/offers.ts'
import { defineAct } from './act.ts'

const closed = { additionalProperties: false } as const
const Holder = Type.Object(
  { name: Type.String(), publicKey: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })) },
  closed,
)
const Party = Type.Object(
  { name: Type.String(), needed: Type.Integer(), holders: Type.Array(Holder, { maxItems: 32 }) },
  closed,
)
const Plan = Type.Object(
  { needed: Type.Integer(), parties: Type.Array(Party, { minItems: 1, maxItems: 16 }) },
  closed,
)
const KINDS = ['quorum', 'hsm+quorum', 'p12', 'pkcs11', 'transit', 'passphrase', 'file'] as const

/**
 * A new root, under the same kind of seal or another. With holders it allows the shares to be dealt, proven and
 * brought, and only then is the root another; without, the root is changed at once.
 */
export const changeSeal = defineAct({
  params: Type.Object(
    { seal: Type.Union(KINDS.map(kind => Type.Literal(kind))), plan: Type.Union([Plan, Type.Null()]) },
    closed,
  ),

  /** Tells the root that is to be replaced from every other. */
  async target({ custody }) {
    const seal = await custody.registry.database.selectFrom('seal').select('canary').executeTakeFirst()
    return seal ? Buffer.from(seal.canary).readUIntBE(0, 6) : 0
  },

  async judge({ custody, seals }, { params: { seal, plan } }) {
    if (!seals.offers(seal))
      throw new CustodyError(
        'Refused',
        `The configuration offers no seal of kind ${seal}: its host's operator enters it as nextSeal first.`,
      )
    if (isQuorumKind(seal) !== (plan !== null))
      throw new CustodyError(
        'Malformed',
        `${seal} takes ${plan === null ? 'a plan of its holders' : 'no plan'}`,
      )
    if (plan) checkPlan(planOf({ origin: custody.origin, ...plan }))
  },

  async execute({ custody, seals, rootChanged }, { params: { seal, plan } }, proposal) {
    const { registry, origin } = custody
    if ((await sealInForce(registry))?.record['proposal'] === proposal) return { seal, changed: true }
    if (plan && isQuorumKind(seal)) {
      const kept = await keptCeremony(registry)
      if (kept?.of !== 'change' || kept.proposal !== proposal)
        await keepCeremony(registry, {
          of: 'change',
          seal,
          plan: { origin, ...plan },
          proposal,
          ceremony: null,
        })
      return { seal, changed: false }
    }
    const made = await seals.maker(seal).create()
    await changeRoot(custody, { ...made, kind: seal, proposal })
    await rootChanged()
    return { seal, changed: true }
  },
})
