import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { beginCeremony, count, missing, noteProof } from '../quorum/ceremony.ts'
import type { Dealt } from '../quorum/deal.ts'
import { checkPlan, type Quorum, type QuorumPlan } from '../quorum/quorum.ts'
import type { Desk, Purpose } from '../quorum/submission.ts'
import type { Progress } from '../quorum/unsealing.ts'
import { unseal } from '../unseal.ts'
import { changeRoot } from './change-root.ts'
import { wouldTake } from './dry-share.ts'
import { assertFirst, foundingOf } from './foundation.ts'
import {
  type Foundation,
  forgetCeremony,
  type KeptCeremony,
  keepCeremony,
  keptCeremony,
  planOf,
} from './kept-ceremony.ts'
import { type QuorumKind, type SealOffers, sealInForce } from './offers.ts'
import { type ShareTable, ShareTables } from './share-tables.ts'

/** What came of a share. */
export interface Submitted {
  readonly by?: { readonly party: string; readonly holder: string }
  readonly progress?: Progress
  /** Whose proof the ceremony still lacks. */
  readonly missing?: readonly string[]
  readonly unsealed: boolean
  /** Whether the root is a new one now. */
  readonly changed?: boolean
}

/**
 * Where a root that holders share comes into force and is opened: the first ceremony, the proof of shares, unsealing,
 * and the change of the seal. Shares are sealed to a key of this start, and opened in a process apart.
 */
export class SealDesk {
  readonly #custody: Custody
  readonly #offers: SealOffers
  readonly #changed: () => Promise<void>
  readonly #tables: ShareTables

  /** @param changed runs after the root was changed: backups of before it restore the old one */
  constructor(custody: Custody, offers: SealOffers, changed: () => Promise<void> = async () => {}) {
    this.#custody = custody
    this.#offers = offers
    this.#changed = changed
    this.#tables = new ShareTables(custody)
  }

  /**
   * Deals the first root to its holders. It counts once each has proven a share and enough of them unseal.
   *
   * @throws CustodyError `Conflict` where a root is in force, `Malformed` where the plan breaks a rule
   */
  async begin(
    seal: QuorumKind,
    plan: QuorumPlan,
    foundation: Foundation,
    development = false,
  ): Promise<Dealt[]> {
    this.judgeFirst(seal, plan, development)
    const { ceremony, dealt } = await beginCeremony(plan, this.#custody.now(), development)
    await this.#keep({ of: 'holders', seal, ceremony, ...foundation })
    return dealt
  }

  /** What must hold before `begin`. @throws CustodyError as it would */
  judgeFirst(seal: QuorumKind, plan: QuorumPlan, development = false): void {
    assertFirst(this.#custody, this.#offers, plan.origin, seal)
    checkPlan(plan, development)
  }

  /**
   * Deals the shares of a change that was approved. Dealt again, the shares before are void; they count once each
   * holder has proven one and enough of them bring theirs.
   *
   * @param by fingerprint of whoever asked for them
   * @throws CustodyError `Refused` where no change was approved
   */
  async deal(by: string): Promise<Dealt[]> {
    const { now } = this.#custody
    const kept = await this.judgeDeal()
    const { ceremony, dealt } = await beginCeremony(planOf(kept.plan), now())
    await this.#keep({ ...kept, ceremony })
    const { proposal, seal } = kept
    const body = { step: 'dealt', seal, set: ceremony.quorum.set, proposal, by }
    await this.#custody.record({ type: 'ceremony', at: now(), body })
    return dealt
  }

  /** The change whose shares `deal` would deal. @throws CustodyError as it would */
  async judgeDeal(): Promise<Extract<KeptCeremony, { of: 'change' }>> {
    const kept = await keptCeremony(this.#custody.registry)
    if (kept?.of !== 'change')
      throw new CustodyError('Refused', 'No change of the seal was approved. Propose change-seal first.')
    this.#custody.opened()
    return kept
  }

  /** The keys that shares are to be sealed to. `coming` are the shares of a change. */
  async desk(): Promise<Desk & { readonly coming?: Desk }> {
    return await this.#tables.desks()
  }

  /**
   * Takes a share.
   *
   * @param set which shares it belongs to; those in force where it is not said
   * @throws CustodyError `BadShare` with its holder's name; nothing gathered is lost by it
   */
  async submit(purpose: Purpose, submission: Uint8Array, set?: string): Promise<Submitted> {
    const table = await this.#tables.of(set)
    const { unsealing, quorum, ceremony, coming } = table
    if (purpose === 'reset') return { by: await unsealing.reset(submission), unsealed: false }
    if (purpose === 'prove') {
      const by = await unsealing.prove(submission)
      if (!ceremony) return { by, unsealed: false }
      return { by, missing: await this.#proven(quorum.set, by), unsealed: false }
    }
    this.#assertGathered(table)
    const { progress, root } = await unsealing.submit(submission)
    if (!root) return { progress, unsealed: false }
    this.#tables.forget(table)
    if (coming) return { progress, unsealed: true, changed: await this.#change(quorum, root) }
    await this.#unseal(quorum, root)
    return { progress, unsealed: true }
  }

  /**
   * A dry run of `submit`, with a share that was sealed for that and is good for nothing else.
   *
   * @returns what would come of it, in a sentence or two
   * @throws CustodyError as `submit` would
   */
  async judge(purpose: Purpose, submission: Uint8Array, set?: string): Promise<string> {
    const table = await this.#tables.of(set)
    if (purpose === 'unseal') this.#assertGathered(table)
    return wouldTake(purpose, table, await table.unsealing.judge(purpose, submission))
  }

  /** Shares are gathered once all are proven; those of a change while the root in force is open. */
  #assertGathered({ ceremony, coming }: ShareTable): void {
    if (ceremony) count(ceremony)
    if (coming) this.#custody.opened()
  }

  async #proven(set: string, by: { party: string; holder: string }): Promise<readonly string[]> {
    const kept = await keptCeremony(this.#custody.registry)
    if (!kept || kept.of === 'agreement' || kept.ceremony?.quorum.set !== set)
      throw new CustodyError('Conflict', 'The shares were dealt anew meanwhile.')
    const ceremony = noteProof(kept.ceremony, by)
    await keepCeremony(this.#custody.registry, { ...kept, ceremony })
    return missing(ceremony)
  }

  async #unseal(quorum: Quorum, secret: Uint8Array): Promise<void> {
    const custody = this.#custody
    const kept = await keptCeremony(custody.registry)
    const shared = { quorum, secret }
    if (kept?.of !== 'holders') {
      const unsealed = await this.#offers.open(custody.registry, shared, custody.now())
      return await custody.unseal(unsealed, (await sealInForce(custody.registry))!.kind)
    }
    const provider = this.#offers.maker(kept.seal, shared)
    const unsealed = await unseal(custody.registry, provider, custody.now())
    await custody.unseal(unsealed, kept.seal, foundingOf(custody, kept, quorum))
    await forgetCeremony(custody.registry)
  }

  async #change(quorum: Quorum, secret: Uint8Array): Promise<true> {
    const kept = await keptCeremony(this.#custody.registry)
    if (kept?.of !== 'change' || kept.ceremony?.quorum.set !== quorum.set)
      throw new CustodyError('Conflict', 'The shares were dealt anew meanwhile.')
    const { seal, proposal } = kept
    const made = await this.#offers.maker(seal, { quorum, secret }).create()
    await changeRoot(this.#custody, { ...made, kind: seal, proposal })
    this.#tables.clear()
    await this.#changed()
    return true
  }

  async #keep(kept: KeptCeremony): Promise<void> {
    await keepCeremony(this.#custody.registry, kept)
    this.#tables.clear()
  }
}
