import { readApproval } from '../approvals/approval.ts'
import { verifySignature } from '../approvals/approver.ts'
import type { Founding } from '../begin-log.ts'
import { canonical, digest, type Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Opened } from '../opened.ts'
import { beginCeremony, type Ceremony, count, missing, noteProof } from '../quorum/ceremony.ts'
import type { Dealt } from '../quorum/deal.ts'
import { checkPlan, type Quorum, type QuorumPlan } from '../quorum/quorum.ts'
import type { Desk, Purpose } from '../quorum/submission.ts'
import { type Progress, Unsealing } from '../quorum/unsealing.ts'
import { unseal } from '../unseal.ts'
import { changeRoot } from './change-root.ts'
import {
  type Foundation,
  forgetCeremony,
  type KeptCeremony,
  keepCeremony,
  keptCeremony,
  planOf,
} from './kept-ceremony.ts'
import { type QuorumKind, type SealOffers, sealInForce, type UnattendedKind } from './offers.ts'

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

/** Where the shares of one set go. */
export interface DeskAnswer {
  readonly desk: Desk
  readonly progress: Progress
  readonly missing: readonly string[]
}

/** What a first ceremony under an unattended seal still lacks. */
export interface Agreement {
  /** Canonical JSON: who may decide, and that the seal opens without people. */
  readonly document: string
  /** Fingerprints of those who have not agreed. */
  readonly missing: readonly string[]
}

/** Shares of one quorum: those in force, those of a first ceremony, those that are to come. */
interface Table {
  readonly quorum: Quorum
  readonly unsealing: Unsealing
  readonly ceremony: Ceremony | undefined
}

const AGREEMENT = 'treuhand/agreement/v1'

/**
 * Where a root comes into force and is opened: the first ceremony, the proof of shares, unsealing, and the
 * change of the seal. Shares are sealed to a key of this start, and opened in a process apart.
 */
export class SealDesk {
  readonly #custody: Custody
  readonly #offers: SealOffers
  readonly #changed: () => Promise<void>
  readonly #unsealings = new Map<string, Unsealing>()

  /** @param changed runs after the root was changed: backups of before it restore the old one */
  constructor(custody: Custody, offers: SealOffers, changed: () => Promise<void> = async () => {}) {
    this.#custody = custody
    this.#offers = offers
    this.#changed = changed
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
    this.#assertFirst(plan.origin, seal)
    checkPlan(plan, development)
  }

  /** What must hold before `beginUnattended`. @throws CustodyError as it would */
  judgeUnattended(seal: UnattendedKind, origin: string, { approvers }: Foundation): void {
    this.#assertFirst(origin, seal)
    if (Object.keys(approvers).length === 0)
      throw new CustodyError('Malformed', 'somebody must be named who may decide')
  }

  /**
   * Begins under a seal that opens without people. The root is made once all who are to decide have agreed to it
   * by their signatures, the customer's delegates among them.
   *
   * @throws CustodyError `Conflict`, `Malformed`
   */
  async beginUnattended(seal: UnattendedKind, origin: string, foundation: Foundation): Promise<Agreement> {
    this.judgeUnattended(seal, origin, foundation)
    const document = canonical({
      label: AGREEMENT,
      origin,
      seal,
      unattended: true,
      ...foundation,
    } as unknown as Json)
    await this.#keep({ of: 'agreement', seal, document, agreed: [], ...foundation })
    return { document, missing: Object.keys(foundation.approvers) }
  }

  /** What is to be agreed to. @throws CustodyError `Conflict` where nothing is */
  async agreement(): Promise<Agreement> {
    const kept = await this.#agreementUnderWay()
    return { document: kept.document, missing: lacking(kept) }
  }

  /**
   * Takes one person's agreement; with the last, makes the root and unseals.
   *
   * @param text the seven lines of an approval of the agreement's document
   * @throws CustodyError `Unverified`, `Refused`, `Conflict`
   */
  async agree(text: string, signature: string): Promise<Agreement & { readonly unsealed: boolean }> {
    const kept = await this.#agreementUnderWay()
    const { origin, decision, proposal, signer, expires } = readApproval(text)
    const approver = kept.approvers[signer]
    if (!approver) throw new CustodyError('Refused', 'this key is not among those who are to decide')
    if (
      origin !== this.#custody.origin ||
      decision !== 'approve' ||
      proposal !== digest(kept.document).toString('hex')
    )
      throw new CustodyError('Unverified', 'the signature is of something else than this agreement')
    if (expires <= this.#custody.now())
      throw new CustodyError('Expired', 'the signature has expired: sign anew')
    await verifySignature(approver.key, text, signature, this.#custody.console)
    const others = kept.agreed.filter(one => readApproval(one.text).signer !== signer)
    const agreed = { ...kept, agreed: [...others, { text, signature }] }
    await keepCeremony(this.#custody.registry, agreed)
    const open = lacking(agreed)
    if (open.length === 0) await this.#found(agreed)
    return { document: kept.document, missing: open, unsealed: open.length === 0 }
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

  /** The keys that shares are to be sealed to, and how far it is. `coming` are the shares of a change. */
  async desk(): Promise<DeskAnswer & { readonly coming?: DeskAnswer }> {
    const { first, coming } = await this.#tables()
    return { ...answerOf(first), ...(coming && { coming: answerOf(coming) }) }
  }

  /**
   * Takes a share.
   *
   * @param set which shares it belongs to; those in force where it is not said
   * @throws CustodyError `BadShare` with its holder's name; nothing gathered is lost by it
   */
  async submit(purpose: Purpose, submission: Uint8Array, set?: string): Promise<Submitted> {
    const { first, coming } = await this.#tables()
    const table = set === undefined ? first : [first, coming].find(one => one?.quorum.set === set)
    if (!table)
      throw new CustodyError(
        'BadShare',
        'The share is of another ceremony. Bring the one that was dealt last.',
      )
    const { unsealing, quorum, ceremony } = table
    if (purpose === 'reset') return { by: await unsealing.reset(submission), unsealed: false }
    if (purpose === 'prove') {
      const by = await unsealing.prove(submission)
      if (!ceremony) return { by, unsealed: false }
      return { by, missing: await this.#proven(quorum.set, by), unsealed: false }
    }
    if (ceremony) count(ceremony)
    if (table === coming) this.#custody.opened()
    const { progress, root } = await unsealing.submit(submission)
    if (!root) return { progress, unsealed: false }
    this.#unsealings.delete(quorum.set)
    if (table === coming) return { progress, unsealed: true, changed: await this.#change(quorum, root) }
    await this.#unseal(quorum, root)
    return { progress, unsealed: true }
  }

  /**
   * Unseals at a start without people, where the seal opens so, nothing bars it, and the ceremony is over; goes on
   * with an agreement that was cut off behind its last signature.
   */
  async openUnattended(): Promise<void> {
    const custody = this.#custody
    if (custody.stops.some(({ scope }) => scope === '*')) return
    const kept = await keptCeremony(custody.registry)
    if (kept?.of === 'agreement') return lacking(kept).length === 0 ? await this.#found(kept) : undefined
    const unsealed = await this.#offers.openUnattended(custody.registry, custody.now())
    if (unsealed) await custody.unseal(unsealed, (await sealInForce(custody.registry))!.kind)
  }

  /**
   * Unseals a custodian whose seal opens without people at the word of one officer or delegate: after it was
   * sealed, or restored.
   *
   * @param admit verifies whose word it is, by the records that the root opened
   * @throws CustodyError `Refused` where the seal takes shares
   */
  async unsealAtWord(admit: (opened: Opened) => Promise<void>): Promise<void> {
    const { registry, now } = this.#custody
    const unsealed = await this.#offers.openUnattended(registry, now())
    if (!unsealed) throw new CustodyError('Refused', 'This root takes shares. Its holders bring them.')
    await this.#custody.unseal(unsealed, (await sealInForce(registry))!.kind, undefined, admit)
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
    await custody.unseal(unsealed, kept.seal, this.#founding(kept, quorum))
    await forgetCeremony(custody.registry)
  }

  async #change(quorum: Quorum, secret: Uint8Array): Promise<true> {
    const kept = await keptCeremony(this.#custody.registry)
    if (kept?.of !== 'change' || kept.ceremony?.quorum.set !== quorum.set)
      throw new CustodyError('Conflict', 'The shares were dealt anew meanwhile.')
    const { seal, proposal } = kept
    const made = await this.#offers.maker(seal, { quorum, secret }).create()
    await changeRoot(this.#custody, { ...made, kind: seal, proposal })
    this.#unsealings.clear()
    await this.#changed()
    return true
  }

  async #found(kept: Extract<KeptCeremony, { of: 'agreement' }>): Promise<void> {
    const custody = this.#custody
    const unsealed = await unseal(custody.registry, this.#offers.maker(kept.seal), custody.now())
    await custody.unseal(unsealed, kept.seal, this.#founding(kept, null))
    const body = { step: 'agreed', document: kept.document, signatures: kept.agreed.map(one => ({ ...one })) }
    await custody.record({ type: 'ceremony', at: custody.now(), body })
    await forgetCeremony(custody.registry)
  }

  #founding({ approvers, policy, seal }: Foundation & { seal: string }, quorum: Quorum | null): Founding {
    return { approvers, policy, seal, quorum, witness: this.#custody.witness }
  }

  #assertFirst(origin: string, seal: QuorumKind | UnattendedKind): void {
    if (this.#custody.state !== 'uninitialised')
      throw new CustodyError('Conflict', 'This custodian has a root. Its seal is changed by a proposal.')
    if (origin !== this.#custody.origin)
      throw new CustodyError(
        'Malformed',
        `The plan is for ${origin}, this custodian is ${this.#custody.origin}.`,
      )
    if (!this.#offers.offers(seal))
      throw new CustodyError('Refused', `This custodian's configuration offers no seal of kind ${seal}.`)
  }

  async #agreementUnderWay(): Promise<Extract<KeptCeremony, { of: 'agreement' }>> {
    const kept = await keptCeremony(this.#custody.registry)
    if (kept?.of === 'agreement') return kept
    throw new CustodyError('Conflict', 'Nothing waits to be agreed to here.')
  }

  /** The shares that open the root or make the first one, and those of a change. */
  async #tables(): Promise<{ readonly first: Table; readonly coming: Table | undefined }> {
    const { registry } = this.#custody
    const kept = await keptCeremony(registry)
    const dealt = kept?.of === 'change' && kept.ceremony ? kept.ceremony : undefined
    const coming = dealt && (await this.#table(dealt.quorum, dealt))
    const begun = kept?.of === 'holders' ? kept.ceremony : undefined
    const quorum = begun?.quorum ?? (await sealInForce(registry))?.quorum
    // Under an unattended seal the shares that are to come are the only ones.
    const first = quorum ? await this.#table(quorum, begun) : coming
    if (first) return { first, coming }
    throw new CustodyError('Conflict', 'No quorum holds the root here, so there is nothing to submit.')
  }

  async #table(quorum: Quorum, ceremony?: Ceremony): Promise<Table> {
    const unsealing =
      this.#unsealings.get(quorum.set) ?? (await Unsealing.begin({ quorum, now: this.#custody.now }))
    this.#unsealings.set(quorum.set, unsealing)
    return { quorum, unsealing, ceremony }
  }

  async #keep(kept: KeptCeremony): Promise<void> {
    await keepCeremony(this.#custody.registry, kept)
    this.#unsealings.clear()
  }
}

const answerOf = ({ unsealing, ceremony }: Table): DeskAnswer => ({
  desk: unsealing.desk,
  progress: unsealing.progress(),
  missing: ceremony ? missing(ceremony) : [],
})

/** Fingerprints of those whose agreement is missing. */
function lacking({ approvers, agreed }: Extract<KeptCeremony, { of: 'agreement' }>): string[] {
  const signed = agreed.map(({ text }) => readApproval(text).signer)
  return Object.keys(approvers).filter(fingerprint => !signed.includes(fingerprint))
}
