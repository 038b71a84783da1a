import type { Approver } from './approvals/approver.ts'
import type { Policy } from './approvals/policy.ts'
import type { Founding } from './begin-log.ts'
import type { Custody } from './custody.ts'
import { CustodyError } from './errors.ts'
import { beginCeremony, type Ceremony, count, missing, noteProof } from './quorum/ceremony.ts'
import type { Dealt } from './quorum/deal.ts'
import type { Quorum, QuorumPlan } from './quorum/quorum.ts'
import type { Desk, Purpose } from './quorum/submission.ts'
import { type Progress, Unsealing } from './quorum/unsealing.ts'
import { hsmQuorumRoot } from './roots/hsm-quorum.ts'
import { quorumRoot } from './roots/quorum.ts'
import type { RootProvider, SealRecord } from './roots/root.ts'
import { unseal } from './unseal.ts'

/** What a ceremony lays down, beside who holds the root. */
export interface Foundation {
  /** Who may decide, by fingerprint of their keys. */
  readonly approvers: Readonly<Record<string, Approver>>
  readonly policy: Policy
}

/** A ceremony as it is kept until its root is there. */
interface Kept extends Foundation {
  readonly ceremony: Ceremony
}

/** What came of a share. */
export interface Submitted {
  readonly by?: { readonly party: string; readonly holder: string }
  readonly progress?: Progress
  /** Whose proof the ceremony still lacks. */
  readonly missing?: readonly string[]
  readonly unsealed: boolean
}

/**
 * Where the holders of a quorum's shares come: the first ceremony, the proof of shares, unsealing. Shares
 * are sealed to a key of this start, and opened in a process apart.
 */
export class SealDesk {
  readonly #custody: Custody
  readonly #hsm: RootProvider | undefined
  #unsealing: Unsealing | undefined

  /** @param hsm gives half of the root, where the seal is of both */
  constructor(custody: Custody, hsm?: RootProvider) {
    this.#custody = custody
    this.#hsm = hsm
  }

  /**
   * Deals a root to its holders. It counts once each has proven a share and enough of them unseal.
   *
   * @throws CustodyError `Conflict` where a quorum is in force, `Malformed` where the plan breaks a rule
   */
  async begin(plan: QuorumPlan, foundation: Foundation, development = false): Promise<Dealt[]> {
    if (this.#custody.state !== 'uninitialised') {
      throw new CustodyError('Conflict', 'This custodian has a root. Its seal is changed by a proposal.')
    }
    if (plan.origin !== this.#custody.origin) {
      throw new CustodyError(
        'Malformed',
        `The plan is for ${plan.origin}, this custodian is ${this.#custody.origin}.`,
      )
    }
    const { ceremony, dealt } = await beginCeremony(plan, this.#custody.now(), development)
    await this.#keep({ ceremony, ...foundation })
    this.#unsealing = undefined
    return dealt
  }

  /** The key that shares are to be sealed to, and how far an unsealing is. */
  async desk(): Promise<{ desk: Desk; progress: Progress; missing: readonly string[] }> {
    const { unsealing, kept } = await this.#open()
    return {
      desk: unsealing.desk,
      progress: unsealing.progress(),
      missing: kept ? missing(kept.ceremony) : [],
    }
  }

  /**
   * Takes a share.
   *
   * @throws CustodyError `BadShare` with its holder's name; nothing gathered is lost by it
   */
  async submit(purpose: Purpose, submission: Uint8Array): Promise<Submitted> {
    const { unsealing, kept, quorum } = await this.#open()
    if (purpose === 'reset') return { by: await unsealing.reset(submission), unsealed: false }
    if (purpose === 'prove') {
      const by = await unsealing.prove(submission)
      if (!kept) return { by, unsealed: false }
      const ceremony = noteProof(kept.ceremony, by)
      await this.#keep({ ...kept, ceremony })
      return { by, missing: missing(ceremony), unsealed: false }
    }
    if (kept) count(kept.ceremony)
    const { progress, root } = await unsealing.submit(submission)
    if (!root) return { progress, unsealed: false }
    this.#unsealing = undefined
    await this.#unseal(quorum, root, kept)
    return { progress, unsealed: true }
  }

  async #unseal(quorum: Quorum, root: Uint8Array, kept: Kept | undefined): Promise<void> {
    const custody = this.#custody
    const provider = this.#hsm ? hsmQuorumRoot(this.#hsm, quorum, root) : quorumRoot(quorum, root)
    const unsealed = await unseal(custody.registry, provider, custody.now())
    await custody.unseal(unsealed, provider.kind, kept && this.#founding(kept, provider.kind))
    if (kept) await custody.registry.write(transaction => transaction.deleteFrom('ceremony').execute())
  }

  #founding({ approvers, policy, ceremony }: Kept, seal: string): Founding {
    return { approvers, policy, seal, quorum: ceremony.quorum, witness: this.#custody.witness }
  }

  async #open(): Promise<{ unsealing: Unsealing; quorum: Quorum; kept: Kept | undefined }> {
    const kept = await this.#kept()
    const quorum = kept?.ceremony.quorum ?? (await this.#quorumInForce())
    if (!quorum)
      throw new CustodyError('Conflict', 'No quorum holds the root here, so there is nothing to submit.')
    this.#unsealing ??= await Unsealing.begin({ quorum, now: this.#custody.now })
    return { unsealing: this.#unsealing, quorum, kept }
  }

  async #quorumInForce(): Promise<Quorum | undefined> {
    const { database } = this.#custody.registry
    const seal = await database.selectFrom('seal').select('record').executeTakeFirst()
    const text = seal && (JSON.parse(seal.record) as SealRecord)['quorum']
    return typeof text === 'string' ? (JSON.parse(text) as Quorum) : undefined
  }

  async #kept(): Promise<Kept | undefined> {
    const row = await this.#custody.registry.database
      .selectFrom('ceremony')
      .select('state')
      .executeTakeFirst()
    return row && (JSON.parse(row.state) as Kept)
  }

  async #keep(kept: Kept): Promise<void> {
    const state = JSON.stringify(kept)
    await this.#custody.registry.write(transaction =>
      transaction
        .insertInto('ceremony')
        .values({ singleton: 1, state })
        .onConflict(row => row.column('singleton').doUpdateSet({ state }))
        .execute(),
    )
  }
}
