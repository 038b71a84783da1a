import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Ceremony } from '../quorum/ceremony.ts'
import type { Quorum } from '../quorum/quorum.ts'
import type { Desk } from '../quorum/submission.ts'
import { Unsealing } from '../quorum/unsealing.ts'
import { keptCeremony } from './kept-ceremony.ts'
import { sealInForce } from './offers.ts'

/** Shares of one quorum: those in force, those of a first ceremony, those that are to come. */
export interface ShareTable {
  readonly quorum: Quorum
  readonly unsealing: Unsealing
  /** Where their ceremony is not over. */
  readonly ceremony: Ceremony | undefined
  /** Whether they are of a root that is to take the place of the one in force. */
  readonly coming: boolean
}

/** Which sets of shares there are now, each with a key of this start that its shares are sealed to. */
export class ShareTables {
  readonly #custody: Pick<Custody, 'registry' | 'now'>
  readonly #unsealings = new Map<string, Unsealing>()

  constructor(custody: Pick<Custody, 'registry' | 'now'>) {
    this.#custody = custody
  }

  /** The keys that shares are to be sealed to. `coming` are the shares of a change. */
  async desks(): Promise<Desk & { readonly coming?: Desk }> {
    const { first, coming } = await this.#tables()
    return { ...first.unsealing.desk, ...(coming && { coming: coming.unsealing.desk }) }
  }

  /**
   * @param set which shares are meant; those in force where it is not said
   * @throws CustodyError `BadShare` for those of another ceremony, `Conflict` where nobody holds shares
   */
  async of(set: string | undefined): Promise<ShareTable> {
    const { first, coming } = await this.#tables()
    const table = set === undefined ? first : [first, coming].find(one => one?.quorum.set === set)
    if (table) return table
    throw new CustodyError('BadShare', 'The share is of another ceremony. Bring the one that was dealt last.')
  }

  /** What was gathered of a set opens nothing any more. */
  forget({ quorum }: ShareTable): void {
    this.#unsealings.delete(quorum.set)
  }

  /** Other shares were dealt, or other ones are in force. */
  clear(): void {
    this.#unsealings.clear()
  }

  /** The shares that open the root or make the first one, then those of a change. */
  async #tables(): Promise<{ readonly first: ShareTable; readonly coming: ShareTable | undefined }> {
    const { registry } = this.#custody
    const kept = await keptCeremony(registry)
    const dealt = kept?.of === 'change' && kept.ceremony ? kept.ceremony : undefined
    const coming = dealt && (await this.#table(dealt.quorum, true, dealt))
    const begun = kept?.of === 'holders' ? kept.ceremony : undefined
    const quorum = begun?.quorum ?? (await sealInForce(registry))?.quorum
    // Under an unattended seal the shares that are to come are the only ones.
    const first = quorum ? await this.#table(quorum, false, begun) : coming
    if (first) return { first, coming }
    throw new CustodyError('Conflict', 'No quorum holds the root here, so there is nothing to submit.')
  }

  async #table(quorum: Quorum, coming: boolean, ceremony?: Ceremony): Promise<ShareTable> {
    const unsealing =
      this.#unsealings.get(quorum.set) ?? (await Unsealing.begin({ quorum, now: this.#custody.now }))
    this.#unsealings.set(quorum.set, unsealing)
    return { quorum, unsealing, ceremony, coming }
  }
}
