import { randomBytes } from 'node:crypto'
import { split } from 'shamir-secret-sharing'
import { sealTo } from '../hpke.ts'
import {
  checkPlan,
  commitment,
  type HolderPlan,
  type PartyPlan,
  type Quorum,
  type QuorumParty,
  type QuorumPlan,
} from './quorum.ts'
import { type Share, shareHash, writeShare } from './share.ts'

/** A share on its way to its holder. */
export type Dealt = { readonly party: string; readonly holder: string } & (
  | { readonly by: 'key'; readonly publicKey: Uint8Array; readonly sealed: Buffer }
  /** For the printer alone; whoever printed it overwrites it. */
  | { readonly by: 'paper'; readonly envelope: Buffer }
)

/**
 * Deals a root: Shamir's sharing among the parties, and each party's secret again among its holders. A
 * threshold of one is no sharing: each holder then has the whole, which the library refuses to call a share.
 *
 * @param root 32 bytes; the caller overwrites it
 * @throws CustodyError `Malformed` where the plan breaks a rule
 */
export async function deal(
  root: Uint8Array,
  plan: QuorumPlan,
  development = false,
): Promise<{ quorum: Quorum; dealt: Dealt[] }> {
  checkPlan(plan, development)
  if (root.length !== 32) throw new RangeError(`a root has 32 bytes, got ${root.length}`)
  const set = randomBytes(16)
  const secrets = await splitOrCopy(root, plan.parties.length, plan.needed)
  const parties: QuorumParty[] = []
  const dealt: Dealt[] = []
  for (const [i, party] of plan.parties.entries()) {
    const secret = secrets[i]!
    const number = xOf(secret)
    const shares = await splitOrCopy(secret, party.holders.length, party.needed)
    const holders = party.holders.map((holder, j) => {
      const share = shareOf(plan, party, holder, set, number, shares[j]!, j)
      return { holder, number: share.holderNumber, share, envelope: writeShare(share) }
    })
    parties.push({
      name: party.name,
      number,
      needed: party.needed,
      commitment: commitment(secret, set, 'party', party.name).toString('base64url'),
      holders: holders.map(({ holder, number, envelope }) => ({
        name: holder.name,
        number,
        hash: shareHash(envelope).toString('base64url'),
      })),
    })
    for (const { holder, share, envelope } of holders) dealt.push(await hand(holder, share, envelope))
    for (const share of shares) share.fill(0)
    for (const { share } of holders) share.bytes.fill(0)
  }
  for (const secret of secrets) secret.fill(0)
  const quorum: Quorum = {
    origin: plan.origin,
    set: set.toString('base64url'),
    needed: plan.needed,
    commitment: commitment(root, set, 'root', '').toString('base64url'),
    parties,
  }
  return { quorum, dealt }
}

/**
 * Shares with x behind them; for a threshold of one, copies with the number 1. A root that one party alone
 * holds gets its x the same way, so that a party's secret always has 33 bytes.
 */
async function splitOrCopy(secret: Uint8Array, count: number, needed: number): Promise<Uint8Array[]> {
  if (needed > 1) return await split(Uint8Array.from(secret), count, needed)
  return Array.from({ length: count }, () => Uint8Array.from([...secret, 1]))
}

const xOf = (share: Uint8Array): number => share[share.length - 1]!

function shareOf(
  plan: QuorumPlan,
  party: PartyPlan,
  holder: HolderPlan,
  set: Buffer,
  partyNumber: number,
  bytes: Uint8Array,
  position: number,
): Share {
  return {
    origin: plan.origin,
    set,
    party: party.name,
    partyNumber,
    holder: holder.name,
    holderNumber: party.needed > 1 ? xOf(bytes) : position + 1,
    partiesNeeded: plan.needed,
    parties: plan.parties.length,
    holdersNeeded: party.needed,
    holders: party.holders.length,
    bytes: Buffer.from(bytes),
  }
}

async function hand(holder: HolderPlan, share: Share, envelope: Buffer): Promise<Dealt> {
  const { party, set, origin } = share
  const { name, publicKey } = holder
  if (!publicKey) return { party, holder: name, by: 'paper', envelope }
  const sealed = await sealTo(publicKey, envelope, ['treuhand/share/v1', origin, set, party, name])
  envelope.fill(0)
  return { party, holder: name, by: 'key', publicKey, sealed }
}
