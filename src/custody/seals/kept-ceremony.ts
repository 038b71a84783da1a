import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import type { Approver } from '../approvals/approver.ts'
import type { Policy } from '../approvals/policy.ts'
import type { Ceremony } from '../quorum/ceremony.ts'
import type { QuorumPlan } from '../quorum/quorum.ts'
import type { QuorumKind, UnattendedKind } from './offers.ts'

/** What the first ceremony lays down, beside who holds the root. */
export interface Foundation {
  /** Who may decide, by fingerprint of their keys. */
  readonly approvers: Readonly<Record<string, Approver>>
  readonly policy: Policy
}

/** A ceremony that is under way, as it is kept until its root counts. */
export type KeptCeremony =
  /** The first, by shares. */
  | ({ readonly of: 'holders'; readonly seal: QuorumKind; readonly ceremony: Ceremony } & Foundation)
  /** The first, under a seal that opens unattended: everybody who is to decide agrees to that. */
  | ({
      readonly of: 'agreement'
      readonly seal: UnattendedKind
      /** What is agreed to, canonical JSON. */
      readonly document: string
      readonly agreed: readonly { readonly text: string; readonly signature: string }[]
    } & Foundation)
  /** A change that was approved: it is dealt once somebody asks for the shares. */
  | {
      readonly of: 'change'
      readonly seal: QuorumKind
      readonly plan: Omit<QuorumPlan, 'parties'> & { readonly parties: readonly KeptParty[] }
      /** Name of the proposal. */
      readonly proposal: string
      readonly ceremony: Ceremony | null
    }

/** A party of a plan, as JSON has it: keys in base64url. */
export interface KeptParty {
  readonly name: string
  readonly needed: number
  readonly holders: readonly { readonly name: string; readonly publicKey?: string }[]
}

export async function keptCeremony(registry: CustodyRegistry): Promise<KeptCeremony | undefined> {
  const row = await registry.database.selectFrom('ceremony').select('state').executeTakeFirst()
  return row && (JSON.parse(row.state) as KeptCeremony)
}

export async function keepCeremony(registry: CustodyRegistry, kept: KeptCeremony): Promise<void> {
  const state = JSON.stringify(kept)
  await registry.write(transaction =>
    transaction
      .insertInto('ceremony')
      .values({ singleton: 1, state })
      .onConflict(row => row.column('singleton').doUpdateSet({ state }))
      .execute(),
  )
}

export async function forgetCeremony(registry: CustodyRegistry): Promise<void> {
  await registry.write(transaction => transaction.deleteFrom('ceremony').execute())
}

/** A plan with its keys as bytes. */
export function planOf(
  plan: Omit<QuorumPlan, 'parties'> & { readonly parties: readonly KeptParty[] },
): QuorumPlan {
  const holder = ({ name, publicKey }: KeptParty['holders'][number]) =>
    publicKey === undefined ? { name } : { name, publicKey: Buffer.from(publicKey, 'base64url') }
  return { ...plan, parties: plan.parties.map(party => ({ ...party, holders: party.holders.map(holder) })) }
}
