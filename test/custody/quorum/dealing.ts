import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import { type Dealt, deal } from '../../../src/custody/quorum/deal.ts'
import type { Quorum, QuorumPlan } from '../../../src/custody/quorum/quorum.ts'
import { openShare } from '../../../src/custody/quorum/submission.ts'

export const ROOT = Buffer.from(Array.from({ length: 32 }, (_, i) => i + 1))

/** Of each party: how many are needed, and its holders' names. */
export type Shape = Readonly<Record<string, readonly [needed: number, ...holders: string[]]>>

/** The issue's own example: 2 of 3 with the trustee, 1 of 2 with the customer. */
export const TRUSTEE_AND_CUSTOMER: Shape = {
  trustee: [2, 'anna', 'ben', 'cem'],
  customer: [1, 'dora', 'emil'],
}

/** Deals a root to holders with keys, and opens each share as its holder would. */
export async function dealTo(
  shape: Shape,
  needed = Object.keys(shape).length,
  origin = 'trustee.example/log',
): Promise<{ quorum: Quorum; shares: Map<string, Buffer>; dealt: Dealt[] }> {
  const keys = new Map<string, Buffer>()
  const parties: QuorumPlan['parties'][number][] = []
  for (const [name, [of, ...names]] of Object.entries(shape)) {
    const holders = []
    for (const name of names) {
      const { publicKey, privateKey } = await generateHpkeKey()
      keys.set(name, privateKey)
      holders.push({ name, publicKey })
    }
    parties.push({ name, needed: of, holders })
  }
  const { quorum, dealt } = await deal(ROOT, { origin, needed, parties })
  const shares = new Map<string, Buffer>()
  for (const { party, holder, ...share } of dealt) {
    if (share.by !== 'key') continue
    const about = { origin, set: quorum.set, party, holder }
    shares.set(holder, await openShare(share.sealed, keys.get(holder)!, about))
  }
  return { quorum, shares, dealt }
}
