import { onTestFinished } from 'vitest'
import { newNonce, type Proposal, proposalId, writeProposal } from '../../src/custody/approvals/document.ts'
import { type Act, DEFAULT_POLICY, neededFor, policyDigest } from '../../src/custody/approvals/policy.ts'
import { Custody } from '../../src/custody/custody.ts'
import { Governance } from '../../src/custody/governance.ts'
import type { CustodyOptions } from '../../src/custody/options.ts'
import { fileRoot } from '../../src/custody/roots/file.ts'
import type { SealOffers } from '../../src/custody/seals/offers.ts'
import { unseal } from '../../src/custody/unseal.ts'
import type { CustodyRegistry } from '../../src/registry/custody/registry.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { SshSigner } from './approvals/ssh-signer.ts'
import { temporaryFolder } from './folder.ts'

export const ORIGIN = 'trustee.example/log'
export const HOUR = 3_600_000

export interface Place extends Partial<Pick<CustodyOptions, 'witness' | 'secure' | 'now'>> {
  readonly people?: People
  /** Of the root; a new one by default. */
  readonly folder?: string
  readonly registry?: CustodyRegistry
  readonly seals?: SealOffers
}

type People = Readonly<Record<'anna' | 'ben' | 'cem' | 'dora' | 'emil', SshSigner>>

/** A custodian over a real registry, with two officers beside the proposer and two delegates. */
export async function govern(place: Place = {}) {
  const folder = place.folder ?? temporaryFolder()
  const registry = place.registry ?? (await openSqliteRegistry(`${folder}/custody.db`))
  await registry.activate()
  const people = place.people ?? {
    anna: new SshSigner(),
    ben: new SshSigner(),
    cem: new SshSigner(),
    dora: new SshSigner(),
    emil: new SshSigner(),
  }
  const approvers = Object.fromEntries(
    Object.entries(people).map(([person, { fingerprint, line }]) => {
      const role = ['dora', 'emil'].includes(person) ? ('delegate' as const) : ('officer' as const)
      return [fingerprint, { role, party: role, person, key: { kind: 'ssh' as const, line } }]
    }),
  )
  const clock = { now: Date.UTC(2026, 10, 24) }
  const now = place.now ?? (() => clock.now)
  const founding = { approvers, policy: DEFAULT_POLICY, seal: 'file', quorum: null, witness: null }
  const custody = await Custody.open({ origin: ORIGIN, onAlarm: () => {}, ...place, registry, now })
  const open = async () =>
    await custody.unseal(await unseal(registry, fileRoot(`${folder}/root.key`), now()), 'file', founding)
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    custody.close()
    await registry.close()
  }
  onTestFinished(close)
  const { seals } = place
  const governance = new Governance(custody, { quorum: async () => 2, ...(seals && { seals }) })

  const document = (act: Act, more: Partial<Proposal> = {}): string => {
    // Asked once: a proposal lives 72 hours from the very millisecond in which it was made.
    const made = custody.deciding().witnessing.witnessNow()
    return writeProposal({
      origin: custody.origin,
      act,
      tenant: 'acme',
      params: {},
      target: 0,
      policy: policyDigest(DEFAULT_POLICY),
      needed: neededFor(DEFAULT_POLICY, act, { quorum: 2, delegates: true }),
      reason: 'because',
      proposer: people.anna.fingerprint,
      created: made,
      expires: made + 72 * HOUR,
      notBefore: made,
      nonce: newNonce(),
      checkpoint: '0 x',
      ...more,
    })
  }
  const signed = (text: string, by: SshSigner) =>
    by.decide(proposalId(text), { origin: custody.origin, expires: now() + HOUR * 72 })
  /** Proposes and has it approved. @returns the proposal's id */
  const approved = async (act: Act, more: Partial<Proposal> = {}) => {
    const text = document(act, more)
    const { id } = await governance.proposals.propose(Buffer.from(text), people.anna.fingerprint)
    for (const by of [people.ben, people.cem, people.dora, people.emil]) {
      const { body } = await governance.proposals.decide(...signed(text, by))
      if (body.state !== 'open') break
    }
    return id
  }
  const pass = async (act: Act, more: Partial<Proposal> = {}, wait = 0) => {
    const id = await approved(act, more)
    clock.now += wait
    return await governance.proposals.execute(id)
  }
  return {
    custody,
    governance,
    registry,
    people,
    folder,
    document,
    signed,
    approved,
    pass,
    open,
    close,
    clock,
  }
}
