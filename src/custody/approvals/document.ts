import { randomBytes } from 'node:crypto'
import { canonical, digest, type Json, readCanonical } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import { ACTS, type Act, type Needed } from './policy.ts'

/** What is proposed, down to the last detail: approvals are of its bytes and of nothing else. */
export interface Proposal {
  /** Name of the custodian, as in its log. */
  readonly origin: string
  readonly act: Act
  /** `*` for all. */
  readonly tenant: string
  readonly params: { readonly [name: string]: Json }
  /** Revision of what is to be changed, 0 where it is not there yet. */
  readonly target: number
  /** Digest of the policy in force, hex. */
  readonly policy: string
  readonly needed: Needed
  readonly reason: string
  /** Fingerprint of a key or token. */
  readonly proposer: string
  /** Milliseconds since 1970. */
  readonly created: number
  readonly expires: number
  readonly notBefore: number
  /** 16 random bytes in base64url. */
  readonly nonce: string
  /** Size and root of the log when it was made, as `size root`: it belongs to this history. */
  readonly checkpoint: string
}

export const MAX_LIFE = 72 * 3_600_000
const MAX_DOCUMENT = 16_384
const LABEL = 'treuhand/proposal/v1'
const FIELDS =
  'act checkpoint created expires label needed nonce notBefore origin params policy proposer reason target tenant'

export const newNonce = (): string => randomBytes(16).toString('base64url')

/** Canonical text of a proposal. */
export function writeProposal(proposal: Proposal): string {
  return canonical({ label: LABEL, ...proposal, needed: { ...proposal.needed } })
}

/** SHA-256 of the canonical text, hex: the proposal's name. */
export const proposalId = (document: string): string => digest(document).toString('hex')

/** @throws CustodyError `Malformed`, `TooLarge` */
export function readProposal(bytes: Uint8Array): Proposal {
  const value = readCanonical(bytes, MAX_DOCUMENT)
  if (!isProposal(value))
    throw new CustodyError('Malformed', 'the document is not a proposal of this version')
  const { label: _, ...proposal } = value
  if (proposal.expires <= proposal.created || proposal.expires - proposal.created > MAX_LIFE)
    throw new CustodyError('Malformed', 'a proposal lives at most 72 hours')
  return proposal
}

function isProposal(
  value: Json,
): value is Proposal & { readonly label: string } & { readonly [name: string]: Json } {
  if (!isRecord(value) || Object.keys(value).sort().join(' ') !== FIELDS) return false
  const { needed, params } = value
  const texts = ['origin', 'tenant', 'reason', 'proposer', 'checkpoint']
  return (
    value['label'] === LABEL &&
    ACTS.includes(value['act'] as Act) &&
    texts.every(name => isText(value[name]!)) &&
    ['created', 'expires', 'notBefore', 'target'].every(name => isCount(value[name]!)) &&
    /^[0-9a-f]{64}$/.test(String(value['policy'])) &&
    /^[A-Za-z0-9_-]{22}$/.test(String(value['nonce'])) &&
    isRecord(params!) &&
    isNeeded(needed!)
  )
}

const isNeeded = (value: Json): boolean =>
  isRecord(value) &&
  Object.keys(value).sort().join() === 'alone,delegates,officers,wait' &&
  typeof value['alone'] === 'boolean' &&
  [value['officers'], value['delegates'], value['wait']].every(n => isCount(n!))

const isText = (value: Json): boolean => typeof value === 'string' && value.length > 0 && value.length <= 1000
const isCount = (value: Json): boolean => typeof value === 'number' && value >= 0
const isRecord = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
