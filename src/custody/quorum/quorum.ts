import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { CustodyError } from '../errors.ts'

/** Who is to hold the root: parties, and holders in each. */
export interface QuorumPlan {
  readonly origin: string
  /** Parties that must come together; all of them where nothing else is wanted. */
  readonly needed: number
  readonly parties: readonly PartyPlan[]
}

export interface PartyPlan {
  readonly name: string
  readonly needed: number
  readonly holders: readonly HolderPlan[]
}

export interface HolderPlan {
  readonly name: string
  /** X25519, 32 bytes: the share is sealed to it. Without a key it is printed on paper. */
  readonly publicKey?: Uint8Array
}

/** What the store keeps of a quorum: enough to judge shares, nothing that helps to guess one. */
export interface Quorum {
  readonly origin: string
  /** Base64url of the set id. */
  readonly set: string
  readonly needed: number
  /** Base64url of HKDF over the root. */
  readonly commitment: string
  readonly parties: readonly QuorumParty[]
}

export interface QuorumParty {
  readonly name: string
  readonly number: number
  readonly needed: number
  /** Base64url of HKDF over the party's secret. */
  readonly commitment: string
  readonly holders: readonly QuorumHolder[]
}

export interface QuorumHolder {
  readonly name: string
  readonly number: number
  /** Base64url of SHA-256 over the share's envelope. */
  readonly hash: string
}

const MAX_PARTIES = 16
const MAX_HOLDERS = 32
const MAX_NAME = 200

/**
 * @param development allows a single person, as for a first look
 * @throws CustodyError `Malformed` with the rule that the plan breaks
 */
export function checkPlan({ origin, needed, parties }: QuorumPlan, development = false): void {
  const refuse = (why: string): never => {
    throw new CustodyError('Malformed', why)
  }
  if (!isName(origin)) refuse(`the origin has 1 to ${MAX_NAME} bytes`)
  if (parties.length < 1 || parties.length > MAX_PARTIES) refuse(`a quorum has 1 to ${MAX_PARTIES} parties`)
  if (new Set(parties.map(({ name }) => name)).size !== parties.length)
    refuse('each party has a name of its own')
  if (!Number.isInteger(needed) || needed < Math.min(2, parties.length) || needed > parties.length)
    refuse(`of ${parties.length} parties at least two must come together, and at most all`)
  const persons = parties.flatMap(party => party.holders.map(({ name }) => name))
  if (new Set(persons).size !== persons.length) refuse('a person holds one share, in one party')
  for (const { name, needed, holders } of parties) {
    if (!isName(name) || !holders.every(holder => isName(holder.name)))
      refuse(`a name has 1 to ${MAX_NAME} bytes`)
    if (holders.length < 1 || holders.length > MAX_HOLDERS) refuse(`${name} has 1 to ${MAX_HOLDERS} holders`)
    if (!Number.isInteger(needed) || needed < 1 || needed > holders.length)
      refuse(`of the ${holders.length} holders of ${name} between one and all must come together`)
  }
  if (personsNeeded({ needed, parties }) < 2 && !development)
    refuse('one person alone could open the root: demand two, or say that this is for development')
}

/** The fewest persons that can open the root. */
export function personsNeeded({ needed, parties }: Pick<QuorumPlan, 'needed' | 'parties'>): number {
  const least = parties.map(party => party.needed).sort((a, b) => a - b)
  return least.slice(0, needed).reduce((sum, n) => sum + n, 0)
}

const isName = (name: string): boolean => {
  const { length } = Buffer.from(name, 'utf8')
  return length > 0 && length <= MAX_NAME && name.isWellFormed()
}

/** HKDF-SHA-256(secret, salt = set id, info = label ‖ 0 ‖ name): tells a right secret from a wrong one. */
export function commitment(secret: Uint8Array, set: Uint8Array, of: 'root' | 'party', name: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, set, `treuhand/quorum-${of}/v1\0${name}`, 32))
}

export function commits(
  stored: string,
  secret: Uint8Array,
  set: Uint8Array,
  of: 'root' | 'party',
  name: string,
): boolean {
  const expected = Buffer.from(stored, 'base64url')
  return expected.length === 32 && timingSafeEqual(expected, commitment(secret, set, of, name))
}
