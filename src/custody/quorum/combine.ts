import { timingSafeEqual } from 'node:crypto'
import { combine } from 'shamir-secret-sharing'
import { CustodyError } from '../errors.ts'
import { commits, type Quorum, type QuorumHolder, type QuorumParty } from './quorum.ts'
import { readShare, type Share, shareHash } from './share.ts'

/** A share that the store knows. */
export interface GoodShare {
  readonly party: QuorumParty
  readonly holder: QuorumHolder
  readonly share: Share
}

/**
 * Whether an envelope is a share of this quorum, byte for byte as it was dealt.
 * @throws CustodyError `BadShare` that names whose share it says it is; `Malformed` where it is none at all
 */
export function knowShare(envelope: Uint8Array, quorum: Quorum): GoodShare {
  const share = readShare(envelope)
  if (share.origin !== quorum.origin || share.set.toString('base64url') !== quorum.set)
    throw new CustodyError(
      'BadShare',
      `the share of ${share.holder} is of another ceremony or custodian`,
      about(share),
    )
  const party = quorum.parties.find(({ name }) => name === share.party)
  const holder = party?.holders.find(({ name }) => name === share.holder)
  if (!party || !holder)
    throw new CustodyError(
      'BadShare',
      `the quorum has no holder ${share.holder} of ${share.party}`,
      about(share),
    )
  const x = share.bytes[share.bytes.length - 1]!
  const known = Buffer.from(holder.hash, 'base64url')
  const right =
    x !== 0 &&
    share.partyNumber !== 0 &&
    share.partyNumber === party.number &&
    share.holderNumber === holder.number &&
    known.length === 32 &&
    timingSafeEqual(known, shareHash(envelope))
  if (!right)
    throw new CustodyError(
      'BadShare',
      `the share of ${holder.name} (${party.name}) was changed: ask ${holder.name} for the true one`,
      about(share),
    )
  return { party, holder, share }
}

const about = ({ party, holder }: Share) => ({ party, holder })

/**
 * Combines shares, once enough of them are there.
 * @returns the root, 32 bytes that the caller overwrites; undefined while shares are missing
 * @throws CustodyError `BadShare` where right shares give a wrong secret, `Malformed` where one comes twice
 */
export async function combineShares(
  shares: readonly GoodShare[],
  quorum: Quorum,
): Promise<Uint8Array | undefined> {
  const set = Buffer.from(quorum.set, 'base64url')
  const ready = quorum.parties
    .map(party => ({ party, shares: shares.filter(share => share.party.name === party.name) }))
    .filter(({ party, shares }) => shares.length >= party.needed)
    .slice(0, quorum.needed)
  if (ready.length < quorum.needed) return undefined
  const secrets = await Promise.all(
    ready.map(async ({ party, shares }) => {
      const secret = await join(shares.slice(0, party.needed).map(({ share }) => share.bytes))
      if (!commits(party.commitment, secret, set, 'party', party.name))
        throw new CustodyError(
          'BadShare',
          `the shares of ${party.name} do not give its secret: the record of the quorum was altered`,
        )
      return secret
    }),
  )
  const root = await join(secrets)
  for (const secret of secrets) secret.fill(0)
  if (!commits(quorum.commitment, root, set, 'root', ''))
    throw new CustodyError(
      'BadShare',
      'the parties do not give the root: the record of the quorum was altered',
    )
  return root
}

/** The inverse of `splitOrCopy` in deal.ts. */
async function join(shares: readonly Uint8Array[]): Promise<Uint8Array> {
  const numbers = shares.map(share => share[share.length - 1]!)
  if (numbers.includes(0) || new Set(numbers).size !== numbers.length)
    throw new CustodyError('BadShare', 'a share has the number 0, or the number of another')
  if (shares.length === 1) return Uint8Array.from(shares[0]!.subarray(0, -1))
  return await combine(shares.map(share => Uint8Array.from(share)))
}
