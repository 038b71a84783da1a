import { canonical, digest, type Json, readCanonical } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import type { Entry, LoggedEntry } from '../log/entry.ts'
import { readVerifierKey } from '../log/note.ts'
import type { Quorum } from '../quorum/quorum.ts'
import { type Approver, fingerprintOf, readApprover } from './approver.ts'
import { checkPolicy, type Policy } from './policy.ts'

/**
 * The first entry of a log: who may decide what, from the beginning. The customer checks its digest by
 * another way than the network before trusting the custodian with anything.
 */
export interface Genesis {
  readonly origin: string
  /** Verifier key of the log (c2sp.org/signed-note). */
  readonly log: string
  /** Verifier key of the witness; null where there is none. */
  readonly witness: string | null
  /** SHA-256 of the custodian's authority's SubjectPublicKeyInfo, hex. */
  readonly authority: string
  /** Kind of the seal. */
  readonly seal: string
  /** Where the seal is a quorum: who holds what. */
  readonly quorum: Quorum | null
  /** By fingerprint. */
  readonly approvers: Readonly<Record<string, Approver>>
  readonly policy: Policy
  /** Milliseconds since 1970. */
  readonly created: number
}

const LABEL = 'treuhand/genesis/v1'
const MAX_GENESIS = 49_152

/** @throws CustodyError `Malformed`, `Refused` where the first approvers could not govern */
export function writeGenesis(genesis: Genesis): string {
  checkGenesis(genesis)
  return canonical({ label: LABEL, ...genesis } as unknown as Json)
}

export const genesisDigest = (document: string): string => digest(document).toString('hex')

export function genesisEntry(document: string, at: number): Entry {
  return { type: 'genesis', at, body: { document, digest: genesisDigest(document) } }
}

/** @throws CustodyError `Malformed`, `Unverified` where the first entry is no genesis, or not of this log */
export function readGenesis(entry: LoggedEntry, origin: string): { genesis: Genesis; digest: string } {
  const { document } = entry.body
  if (entry.type !== 'genesis' || typeof document !== 'string')
    throw new CustodyError('Unverified', 'the log does not begin with a genesis document')
  const value = readCanonical(Buffer.from(document), MAX_GENESIS) as unknown as Genesis & { label: string }
  if (value.label !== LABEL || value.origin !== origin)
    throw new CustodyError('Unverified', 'the genesis document is of another log')
  const { label: _, ...genesis } = value
  checkGenesis(genesis)
  return { genesis, digest: genesisDigest(document) }
}

function checkGenesis({ log, witness, origin, approvers, policy }: Genesis): void {
  if (readVerifierKey(log).name !== origin)
    throw new CustodyError('Malformed', 'the log is named after its origin')
  if (witness !== null) readVerifierKey(witness)
  checkPolicy(policy)
  const parties = new Map<string, string>()
  for (const [fingerprint, approver] of Object.entries(approvers)) {
    readApprover(approver as unknown as Json)
    if (fingerprintOf(approver.key) !== fingerprint)
      throw new CustodyError('Malformed', `the key of ${fingerprint} is another`)
    const party = `${approver.role} ${approver.party}`
    if ((parties.get(approver.person) ?? party) !== party)
      throw new CustodyError('Refused', 'a person counts in one party, in one role')
    parties.set(approver.person, party)
  }
}
