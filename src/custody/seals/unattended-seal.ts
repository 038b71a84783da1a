import { readApproval } from '../approvals/approval.ts'
import { verifySignature } from '../approvals/approver.ts'
import { canonical, digest, type Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Opened } from '../opened.ts'
import { unseal } from '../unseal.ts'
import { assertFirst, foundingOf } from './foundation.ts'
import {
  type Foundation,
  forgetCeremony,
  type KeptCeremony,
  keepCeremony,
  keptCeremony,
} from './kept-ceremony.ts'
import { type SealOffers, sealInForce, type UnattendedKind } from './offers.ts'

/** What a first ceremony under an unattended seal still lacks. */
export interface Agreement {
  /** Canonical JSON: who may decide, and that the seal opens without people. */
  readonly document: string
  /** Fingerprints of those who have not agreed. */
  readonly missing: readonly string[]
}

type KeptAgreement = Extract<KeptCeremony, { of: 'agreement' }>

const AGREEMENT = 'treuhand/agreement/v1'

/**
 * Where a root that opens without people comes into force and is opened: by the agreement of all who are to decide, at
 * each start, and at one person's word where something was in the way of that.
 */
export class UnattendedSeal {
  readonly #custody: Custody
  readonly #offers: SealOffers

  constructor(custody: Custody, offers: SealOffers) {
    this.#custody = custody
    this.#offers = offers
  }

  /**
   * Begins under a seal that opens without people. The root is made once all who are to decide have agreed to it
   * by their signatures, the customer's delegates among them.
   *
   * @throws CustodyError `Conflict`, `Malformed`
   */
  async begin(seal: UnattendedKind, origin: string, foundation: Foundation): Promise<Agreement> {
    this.judge(seal, origin, foundation)
    const document = canonical({
      label: AGREEMENT,
      origin,
      seal,
      unattended: true,
      ...foundation,
    } as unknown as Json)
    await keepCeremony(this.#custody.registry, { of: 'agreement', seal, document, agreed: [], ...foundation })
    return { document, missing: Object.keys(foundation.approvers) }
  }

  /** What must hold before `begin`. @throws CustodyError as it would */
  judge(seal: UnattendedKind, origin: string, { approvers }: Foundation): void {
    assertFirst(this.#custody, this.#offers, origin, seal)
    if (Object.keys(approvers).length === 0)
      throw new CustodyError('Malformed', 'somebody must be named who may decide')
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
   * Unseals at a start without people, where the seal opens so, nothing bars it, and the ceremony is over; goes on
   * with an agreement that was cut off behind its last signature.
   */
  async openAtStart(): Promise<void> {
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

  async #found(kept: KeptAgreement): Promise<void> {
    const custody = this.#custody
    const unsealed = await unseal(custody.registry, this.#offers.maker(kept.seal), custody.now())
    await custody.unseal(unsealed, kept.seal, foundingOf(custody, kept, null))
    const body = { step: 'agreed', document: kept.document, signatures: kept.agreed.map(one => ({ ...one })) }
    await custody.record({ type: 'ceremony', at: custody.now(), body })
    await forgetCeremony(custody.registry)
  }

  async #agreementUnderWay(): Promise<KeptAgreement> {
    const kept = await keptCeremony(this.#custody.registry)
    if (kept?.of === 'agreement') return kept
    throw new CustodyError('Conflict', 'Nothing waits to be agreed to here.')
  }
}

/** Fingerprints of those whose agreement is missing. */
function lacking({ approvers, agreed }: KeptAgreement): string[] {
  const signed = agreed.map(({ text }) => readApproval(text).signer)
  return Object.keys(approvers).filter(fingerprint => !signed.includes(fingerprint))
}
