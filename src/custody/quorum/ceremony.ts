import { randomBytes } from 'node:crypto'
import { CustodyError } from '../errors.ts'
import { type Dealt, deal } from './deal.ts'
import type { Quorum, QuorumPlan } from './quorum.ts'

/**
 * A ceremony: a new root is dealt and forgotten, each holder proves to have a share, and only then does the
 * quorum count. So no root is ever in use whose shares were lost in the post.
 */
export interface Ceremony {
  readonly state: 'dealt' | 'proven' | 'counts'
  readonly quorum: Quorum
  /** Milliseconds since 1970. */
  readonly dealtAt: number
  /** Who proved a share, as `party/holder`, sorted. */
  readonly proven: readonly string[]
}

/**
 * Deals a new root. It is not kept: the shares give it back, once the ceremony counts. A re-share is a
 * ceremony too: were the old root dealt anew, the old shares would go on working.
 *
 * @throws CustodyError `Malformed` where the plan breaks a rule
 */
export async function beginCeremony(
  plan: QuorumPlan,
  now: number,
  development = false,
): Promise<{ ceremony: Ceremony; dealt: Dealt[] }> {
  const root = randomBytes(32)
  try {
    const { quorum, dealt } = await deal(root, plan, development)
    return { ceremony: { state: 'dealt', quorum, dealtAt: now, proven: [] }, dealt }
  } finally {
    root.fill(0)
  }
}

/** Notes that a holder proved a share; the last one makes the ceremony `proven`. */
export function noteProof(ceremony: Ceremony, by: { party: string; holder: string }): Ceremony {
  if (ceremony.state === 'counts') throw new CustodyError('Conflict', 'the ceremony counts already')
  const proven = [...new Set([...ceremony.proven, `${by.party}/${by.holder}`])].sort()
  return { ...ceremony, proven, state: missing({ ...ceremony, proven }).length === 0 ? 'proven' : 'dealt' }
}

/** The holders whose proof is missing, as `party/holder`. */
export function missing({ quorum, proven }: Pick<Ceremony, 'quorum' | 'proven'>): string[] {
  const all = quorum.parties.flatMap(party => party.holders.map(holder => `${party.name}/${holder.name}`))
  return all.filter(name => !proven.includes(name))
}

/** Makes the quorum the one in force, once its root has wrapped what is to be kept. */
export function count(ceremony: Ceremony): Ceremony {
  if (ceremony.state !== 'proven')
    throw new CustodyError('Refused', `shares are not proven yet: ${missing(ceremony).join(', ')}`)
  return { ...ceremony, state: 'counts' }
}
