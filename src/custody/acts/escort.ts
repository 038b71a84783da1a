import Type from 'typebox'
import { CustodyError } from '../errors.ts'
import { escortId } from '../escorts/key.ts'
import { ESCORT_ACTIONS, type EscortRecord, LONGEST } from '../escorts/record.ts'
import { parseNetwork } from '../fence.ts'
import type { OfficerRecord } from '../people.ts'
import { type ActContext, defineAct } from './act.ts'
import { keepOnce } from './keep-once.ts'
import { tenantInForce } from './tenant-settings.ts'

const short = { minItems: 1, uniqueItems: true } as const

/** Lets a person in for some hours, to some objects, under the eyes of an officer or delegate. */
export const escort = defineAct({
  params: Type.Object(
    {
      grantee: Type.String({
        pattern: '^[^\\p{C}]{1,100}$',
        description: 'who is let in; it stays in the log, so a staff number rather than a name',
      }),
      recipient: Type.String({
        pattern: '^[A-Za-z0-9_-]{43}$',
        description: "the grantee's X25519 key, to which the secret is sealed",
      }),
      escort: Type.String({
        pattern: '^SHA256:[A-Za-z0-9+/]{43}$',
        description: 'fingerprint of the officer or delegate who watches',
      }),
      bucket: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' }),
      prefixes: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { ...short, maxItems: 20 }),
      actions: Type.Array(Type.Union(ESCORT_ACTIONS.map(action => Type.Literal(action))), {
        ...short,
        maxItems: ESCORT_ACTIONS.length,
      }),
      networks: Type.Array(Type.String({ maxLength: 49 }), {
        ...short,
        maxItems: 20,
        description: 'from which alone the key counts, `203.0.113.0/24`',
      }),
      minutes: Type.Integer({
        minimum: 1,
        maximum: LONGEST,
        description: 'that it lasts, from when it is carried out',
      }),
    },
    { additionalProperties: false },
  ),

  async judge(context, { tenant, params }) {
    if (!(await tenantInForce(context, tenant)))
      throw new CustodyError('Unknown', `There is no tenant ${tenant}.`)
    checkNetworks(params.networks)
    await checkOther(context, params)
  },

  async execute({ custody }, { tenant, params, reason }, proposal) {
    const { minutes, ...grant } = params
    const id = escortId(proposal)
    const kept = await custody.opened(tenant).records.find<EscortRecord>('escort', id)
    // A first try has opened it already, and it may have ended since.
    if (kept) return { escort: id, until: kept.body.until }
    const until = custody.now() + minutes * 60_000
    const body: EscortRecord = { ...grant, tenant, reason, until, proposal, state: 'open', ended: null }
    await keepOnce(custody, 'escort', id, undefined, body, proposal)
    return { escort: id, until }
  },
})

function checkNetworks(networks: readonly string[]): void {
  for (const network of networks) {
    try {
      parseNetwork(network)
    } catch (error) {
      throw new CustodyError('Malformed', (error as Error).message)
    }
  }
}

/** @throws CustodyError `Unknown`, or `Refused` where the escort would watch himself */
async function checkOther(
  { custody }: ActContext,
  { grantee, escort }: { readonly grantee: string; readonly escort: string },
): Promise<void> {
  const { records } = custody.opened()
  const watcher = await records.find<OfficerRecord>('officer', escort)
  if (watcher?.body.state !== 'active')
    throw new CustodyError('Unknown', 'The escort must be an officer or delegate. Name a fingerprint of one.')
  const { person } = watcher.body
  const same = await records.find<OfficerRecord>('officer', grantee)
  if (person.toLowerCase() === grantee.trim().toLowerCase() || same?.body.person === person)
    throw new CustodyError(
      'Refused',
      'Nobody escorts himself. Name another officer or delegate as the escort.',
    )
}
