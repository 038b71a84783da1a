import { canonical, digest, readCanonical } from '../custody/canonical.ts'
import { CustodyError } from '../custody/errors.ts'
import { type Entry, readEntry } from '../custody/log/entry.ts'
import { type LogProof, type Proven, readProof, verifyProof, writeProof } from '../custody/log/proof.ts'
import type { Trust } from '../custody/log/verify.ts'
import { openStatement, type Statement } from './statement.ts'

/** A statement, the log entry that names it, and the proof that the log holds that entry. */
export interface Evidence {
  /** Signed note. */
  readonly statement: string
  readonly leaf: Uint8Array
  readonly proof: LogProof
}

const LABEL = 'treuhand/evidence/v1'
const MAX_EVIDENCE = 1 << 20

/** The entry that a statement leaves in the log before anybody is given it: none can be denied or lost later. */
export function statementEntry(statement: string, kind: Statement['kind'], at: number): Entry {
  return { type: 'statement', at, body: { kind, digest: digest(statement).toString('hex'), statement } }
}

/** One file, canonical JSON. */
export function writeEvidence({ statement, leaf, proof }: Evidence): string {
  const entry = Buffer.from(leaf).toString('base64url')
  return canonical({ label: LABEL, statement, leaf: entry, proof: writeProof(proof) })
}

/** @throws CustodyError `Malformed`, `TooLarge` */
export function readEvidence(bytes: Uint8Array): Evidence {
  const value = readCanonical(bytes, MAX_EVIDENCE) as Record<string, unknown> | null
  const { label, statement, leaf, proof } = value ?? {}
  if (
    label !== LABEL ||
    typeof statement !== 'string' ||
    typeof leaf !== 'string' ||
    typeof proof !== 'string'
  )
    throw new CustodyError('Malformed', 'this file is not evidence of this version')
  return { statement, leaf: Buffer.from(leaf, 'base64url'), proof: readProof(proof) }
}

/**
 * Verifies evidence with nothing but the public keys of log and witness: who stated it, that the log holds
 * it, and when the witness saw it at the latest.
 *
 * @throws CustodyError `Unverified` with what is wrong
 */
export function verifyEvidence(evidence: Evidence, trust: Trust): Proven & { readonly statement: Statement } {
  const statement = openStatement(evidence.statement, trust.log)
  const entry = readEntry(evidence.leaf)
  if (entry.type !== 'statement' || entry.body['digest'] !== digest(evidence.statement).toString('hex'))
    throw new CustodyError('Unverified', 'the entry of the log is of another statement')
  return { statement, ...verifyProof(evidence.proof, evidence.leaf, trust.log, trust.witness) }
}
