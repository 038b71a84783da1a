import type { Approver } from './approvals/approver.ts'
import type { RelyingParty } from './approvals/passkey.ts'
import { DEFAULT_POLICY, type Policy } from './approvals/policy.ts'
import { type Ground, Proposals } from './approvals/proposals.ts'
import type { ProposalRecord } from './approvals/state.ts'
import { carriers } from './carriers.ts'
import type { Custody } from './custody.ts'
import type { OfficerRecord, PolicyRecord } from './people.ts'
import { targetRevision } from './targets.ts'

export interface GovernanceOptions {
  /** Officers that the trustee's quorum needs. */
  readonly quorum: number
  /** Where the console is served, if it is. */
  readonly console?: RelyingParty
}

/** The people's side of a custodian: proposals over its records, its log and its witness. */
export class Governance {
  readonly proposals: Proposals
  readonly #custody: Custody

  constructor(custody: Custody, options: GovernanceOptions) {
    this.#custody = custody
    this.proposals = new Proposals(groundOf(custody, options), carriers(custody))
  }

  /** Seals or kills at the word of one officer or delegate. The act comes first, then the log. */
  async close(document: Uint8Array, text: string, signature: string): Promise<void> {
    const { act, tenant, proposer, reason } = await this.proposals.verifyAlone(document, text, signature)
    if (act === 'kill') await this.#custody.kill(tenant, proposer, reason)
    if (act === 'seal') await this.#custody.seal(proposer, reason)
  }
}

function groundOf(custody: Custody, { quorum, console }: GovernanceOptions): Ground {
  const officers = async () => await custody.opened().records.all<OfficerRecord>('officer')
  return {
    origin: custody.origin,
    console,
    now: custody.now,
    witnessNow: () => custody.opened().witnessing.witnessNow(),
    mayExecute: () => custody.opened().witnessing.mayExecute(),
    async seen() {
      const { log, witnessing } = custody.opened()
      await witnessing.witnessed(log.head.size - 1)
    },
    async approvers() {
      const active = (await officers()).filter(({ body }) => body.state === 'active')
      return new Map(
        active.map(({ id, body: { state: _, ...approver } }) => [id, approver satisfies Approver]),
      )
    },
    async personOf(fingerprint) {
      return (await custody.opened().records.find<OfficerRecord>('officer', fingerprint))?.body.person
    },
    async policy() {
      const kept = await custody.opened().records.find<PolicyRecord>('policy', 'policy')
      return (kept?.body as Policy | undefined) ?? DEFAULT_POLICY
    },
    async governors() {
      const delegates = (await officers()).some(
        ({ body }) => body.state === 'active' && body.role === 'delegate',
      )
      return { quorum, delegates }
    },
    target: async proposal => await targetRevision(custody, proposal),
    find: async id => await custody.opened().records.find<ProposalRecord>('proposal', id),
    all: async () => await custody.opened().records.all<ProposalRecord>('proposal'),
    keep: async (id, before, body, entry) => await custody.keep('proposal', id, before, body, entry),
    async keepKey(fingerprint, key) {
      const kept = await custody.opened().records.find<OfficerRecord>('officer', fingerprint)
      if (!kept) return
      const entry = { type: 'custodian', at: custody.now(), body: { counter: fingerprint } } as const
      await custody.keep('officer', fingerprint, kept, { ...kept.body, key }, entry)
    },
  }
}
