import type { Json } from '../canonical.ts'
import type { Entry } from '../log/entry.ts'
import type { Approver, ApproverKey } from './approver.ts'
import type { Proposal } from './document.ts'
import type { RelyingParty } from './passkey.ts'
import type { Act, Governors, Policy } from './policy.ts'
import type { ProposalRecord } from './state.ts'

/** A kept record with the revision it was read at. */
export interface KeptProposal {
  readonly id: string
  readonly revision: number
  readonly body: ProposalRecord
}

/** What proposals stand on: the custodian's records, log, witness and clock. */
export interface Ground {
  readonly origin: string
  /** Milliseconds since 1970 by the custodian's own clock. */
  now(): number
  /** Milliseconds since 1970 by the witness's clock; by our own where there is none. */
  witnessNow(): number
  /** Whether the two clocks agree and the log is not forked, by a word of the witness's from now. */
  mayExecute(): Promise<boolean>
  /** Resolves when the witness has seen all that is logged. */
  seen(): Promise<void>
  approvers(): Promise<ReadonlyMap<string, Approver>>
  /** The person behind the fingerprint of a key or token. */
  personOf(fingerprint: string): Promise<string | undefined>
  policy(): Promise<Policy>
  governors(): Promise<Governors>
  readonly console: RelyingParty | undefined
  find(id: string): Promise<KeptProposal | undefined>
  all(): Promise<readonly KeptProposal[]>
  /** Keeps the record together with its log entry. @throws CustodyError `Conflict` when another came first */
  keep(
    id: string,
    before: KeptProposal | undefined,
    body: ProposalRecord,
    entry: Entry,
  ): Promise<KeptProposal>
  /** Keeps a passkey's counter. */
  keepKey(fingerprint: string, key: ApproverKey): Promise<void>
}

/** What somebody wants to propose. */
export type Wish = Pick<Proposal, 'act' | 'tenant' | 'params' | 'reason' | 'proposer'>

/** An act that has begun and goes on later, as where leases must end first; it is called again then. */
export class Unfinished extends Error {
  override readonly name = 'Unfinished'
  /** Milliseconds since 1970. */
  readonly until: number

  constructor(what: string, until: number) {
    super(`begun: ${what}, until ${new Date(until).toISOString()}`)
    this.until = until
  }
}

/** An act as proposals see it; `acts/act.ts` says what each is to do. */
export interface CarriedAct {
  /** Revision of what it changes. @throws CustodyError `Malformed` where the parameters are not the act's */
  target(wish: Wish): Promise<number>
  /** @throws CustodyError where it cannot be carried out as things stand */
  judge(proposal: Proposal): Promise<void>
  /**
   * A `CustodyError` means that it cannot be done, `Unfinished` that it goes on later; anything else, that it is
   * to be tried again.
   * @returns what came of it, for the log
   */
  execute(proposal: Proposal, id: string): Promise<Json>
}

/** The acts that a custodian can carry out. */
export type CarriedActs = Readonly<Partial<Record<Act, CarriedAct>>>
