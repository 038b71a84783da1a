import { policyInForce } from './acts/governable.ts'
import { bindActs } from './acts/table.ts'
import type { Approver } from './approvals/approver.ts'
import { MAX_LIFE, newNonce, readProposal, writeProposal } from './approvals/document.ts'
import type { Ground, KeptProposal, Wish } from './approvals/ground.ts'
import { neededFor, policyDigest } from './approvals/policy.ts'
import { Proposals } from './approvals/proposals.ts'
import type { ProposalRecord } from './approvals/state.ts'
import type { Custody } from './custody.ts'
import { CustodyError } from './errors.ts'
import type { OfficerRecord } from './people.ts'
import { keepCounter, personBehind, verifyPerson } from './persons.ts'
import { SealOffers } from './seals/offers.ts'

export interface GovernanceOptions {
  /** Officers that the trustee's quorum needs. */
  quorum(): Promise<number>
  /** Where a new root may be kept; nowhere by default. */
  readonly seals?: SealOffers
  /** Runs after the root was changed. */
  rootChanged?(): Promise<void>
}

/** The people's side of a custodian: proposals over its records, its log and its witness. */
export class Governance {
  readonly proposals: Proposals
  readonly #custody: Custody
  readonly #ground: Ground

  constructor(custody: Custody, options: GovernanceOptions) {
    this.#custody = custody
    this.#ground = groundOf(custody, options)
    this.proposals = new Proposals(
      this.#ground,
      bindActs({
        custody,
        seals: options.seals ?? new SealOffers([]),
        rootChanged: async () => await options.rootChanged?.(),
      }),
    )
  }

  /**
   * Writes a proposal as this custodian would take it now. Whoever signs it reads it first.
   *
   * @throws CustodyError `Malformed`
   */
  async draft(wish: Wish): Promise<string> {
    const ground = this.#ground
    const now = ground.witnessNow()
    const policy = await ground.policy()
    const { log } = this.#custody.deciding()
    return writeProposal({
      ...wish,
      origin: ground.origin,
      target: await this.proposals.admission.target(wish),
      policy: policyDigest(policy),
      needed: neededFor(policy, wish.act, await ground.governors()),
      created: now,
      expires: now + MAX_LIFE,
      notBefore: now,
      nonce: newNonce(),
      checkpoint: `${log.head.size} ${log.head.root.toString('base64')}`,
    })
  }

  /**
   * Takes a proposal of an officer or delegate, who signed its text.
   *
   * @throws CustodyError `Malformed`, `Refused`, `Unverified`, `Stale`, `Conflict`
   */
  async propose(document: string, signature: string): Promise<KeptProposal> {
    const { proposer } = readProposal(Buffer.from(document))
    const { records } = this.#custody.deciding()
    await verifyPerson(this.#custody, proposer, document, signature, records)
    return await this.proposals.propose(Buffer.from(document), proposer)
  }

  /** Seals or kills at the word of one officer or delegate. The act comes first, then the log. */
  async close(document: Uint8Array, text: string, signature: string): Promise<void> {
    const { act, tenant, proposer, reason } = await this.proposals.verifyAlone(document, text, signature)
    if (act !== 'kill' && act !== 'seal') throw new CustodyError('Refused', `${act} is kept as a proposal`)
    if (act === 'kill') await this.#custody.kill(tenant, proposer, reason)
    if (act === 'seal') await this.#custody.seal(proposer, reason)
  }
}

function groundOf(custody: Custody, { quorum }: GovernanceOptions): Ground {
  const officers = async () => await custody.deciding().records.all<OfficerRecord>('officer')
  return {
    get origin() {
      return custody.origin
    },
    console: custody.console,
    now: custody.now,
    witnessNow: () => custody.deciding().witnessing.witnessNow(),
    async mayExecute() {
      const { witnessing } = custody.deciding()
      await witnessing.round()
      return witnessing.mayExecute()
    },
    async seen() {
      const { log, witnessing } = custody.deciding()
      await witnessing.witnessed(log.head.size - 1)
    },
    async approvers() {
      const active = (await officers()).filter(({ body }) => body.state === 'active')
      return new Map(
        active.map(({ id, body: { state: _, ...approver } }) => [id, approver satisfies Approver]),
      )
    },
    personOf: async proposer => await personBehind(custody, proposer),
    policy: async () => await policyInForce({ custody }),
    async governors() {
      const delegates = (await officers()).some(
        ({ body }) => body.state === 'active' && body.role === 'delegate',
      )
      return { quorum: await quorum(), delegates }
    },
    find: async id => await custody.deciding().records.find<ProposalRecord>('proposal', id),
    all: async () => await custody.deciding().records.all<ProposalRecord>('proposal'),
    keep: async (id, before, body, entry) => await custody.keep('proposal', id, before, body, entry),
    keepKey: async (fingerprint, key) => await keepCounter(custody, fingerprint, key),
  }
}
