import type { Approver, ApproverRole } from '../../../src/custody/approvals/approver.ts'
import {
  newNonce,
  type Proposal,
  proposalId,
  writeProposal,
} from '../../../src/custody/approvals/document.ts'
import type { CarriedAct, Ground, KeptProposal } from '../../../src/custody/approvals/ground.ts'
import {
  ACTS,
  type Act,
  DEFAULT_POLICY,
  neededFor,
  type Policy,
  policyDigest,
} from '../../../src/custody/approvals/policy.ts'
import { Proposals } from '../../../src/custody/approvals/proposals.ts'
import { CustodyError } from '../../../src/custody/errors.ts'
import type { Entry } from '../../../src/custody/log/entry.ts'
import { SshSigner } from './ssh-signer.ts'

export const ORIGIN = 'trustee.example/log'
const HOUR = 3_600_000

/** Three officers, two delegates, and everything that proposals stand on, to be altered at will. */
export class TestGround implements Ground {
  readonly origin = ORIGIN
  readonly console = undefined
  clock = 1_700_000_000_000
  theirs = 1_700_000_000_000
  agree = true
  revision = 0
  current: Policy = DEFAULT_POLICY
  quorum = 2
  witnessAway = false
  readonly known = new Map<string, Approver>()
  readonly records = new Map<string, KeptProposal>()
  readonly entries: Entry[] = []
  readonly carried: string[] = []
  carry: CarriedAct['execute'] = async (_, id) => {
    this.carried.push(id)
    return 'did it'
  }

  readonly anna = this.add('officer', 'anna')
  readonly ben = this.add('officer', 'ben')
  readonly cem = this.add('officer', 'cem')
  readonly dora = this.add('delegate', 'dora')
  readonly emil = this.add('delegate', 'emil')

  readonly act: CarriedAct = {
    target: async () => this.revision,
    judge: async () => {},
    execute: async (proposal, id) => await this.carry(proposal, id),
  }
  readonly proposals = new Proposals(
    this,
    Object.fromEntries(ACTS.map(act => [act, this.act])) as Record<Act, CarriedAct>,
  )

  add(role: ApproverRole, person: string): SshSigner {
    const signer = new SshSigner()
    const party = role === 'officer' ? 'trustee' : 'customer'
    this.known.set(signer.fingerprint, { role, party, person, key: { kind: 'ssh', line: signer.line } })
    return signer
  }

  now = () => this.clock
  witnessNow = () => this.theirs
  mayExecute = async () => this.agree
  async seen() {
    if (this.witnessAway) throw new CustodyError('Unreachable', 'the witness does not answer')
  }
  async approvers() {
    return this.known
  }
  async personOf(fingerprint: string) {
    return this.known.get(fingerprint)?.person
  }
  async policy() {
    return this.current
  }
  async governors() {
    return {
      quorum: this.quorum,
      delegates: [...this.known.values()].some(({ role }) => role === 'delegate'),
    }
  }
  async find(id: string) {
    return this.records.get(id)
  }
  async all() {
    return [...this.records.values()]
  }
  async keep(id: string, before: KeptProposal | undefined, body: KeptProposal['body'], entry: Entry) {
    if ((this.records.get(id)?.revision ?? 0) !== (before?.revision ?? 0))
      throw new CustodyError('Conflict', 'changed meanwhile')
    const kept = { id, revision: (before?.revision ?? 0) + 1, body }
    this.records.set(id, kept)
    this.entries.push(entry)
    return kept
  }
  async keepKey() {}

  /** Both clocks go on together. */
  pass(milliseconds: number): void {
    this.clock += milliseconds
    this.theirs += milliseconds
  }

  proposal(act: Act, more: Partial<Proposal> = {}): Proposal {
    const delegates = [...this.known.values()].some(({ role }) => role === 'delegate')
    return {
      origin: ORIGIN,
      act,
      tenant: 'acme',
      params: { proxy: 'p' },
      target: this.revision,
      policy: policyDigest(this.current),
      needed: neededFor(this.current, act, { quorum: this.quorum, delegates }),
      reason: 'because',
      proposer: this.anna.fingerprint,
      created: this.theirs,
      expires: this.theirs + 72 * HOUR,
      notBefore: this.theirs,
      nonce: newNonce(),
      checkpoint: '0 x',
      ...more,
    }
  }

  async propose(act: Act, more: Partial<Proposal> = {}): Promise<string> {
    const proposal = this.proposal(act, more)
    await this.proposals.propose(Buffer.from(writeProposal(proposal)), proposal.proposer)
    return proposalId(writeProposal(proposal))
  }

  async approve(id: string, ...signers: SshSigner[]): Promise<KeptProposal> {
    for (const signer of signers)
      await this.proposals.decide(...signer.decide(id, { origin: ORIGIN, expires: this.theirs + 72 * HOUR }))
    return this.records.get(id)!
  }
}
