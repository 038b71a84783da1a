import type { Founding } from '../begin-log.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Quorum } from '../quorum/quorum.ts'
import type { Foundation } from './kept-ceremony.ts'
import type { QuorumKind, SealOffers, UnattendedKind } from './offers.ts'

/**
 * A first ceremony is for a custodian without a root, of this name, under a seal that is made ready.
 *
 * @throws CustodyError `Conflict`, `Malformed`, `Refused`
 */
export function assertFirst(
  custody: Custody,
  offers: SealOffers,
  origin: string,
  seal: QuorumKind | UnattendedKind,
): void {
  if (custody.state !== 'uninitialised')
    throw new CustodyError('Conflict', 'This custodian has a root. Its seal is changed by a proposal.')
  if (origin !== custody.origin)
    throw new CustodyError('Malformed', `The plan is for ${origin}, this custodian is ${custody.origin}.`)
  if (!offers.offers(seal))
    throw new CustodyError('Refused', `This custodian's configuration offers no seal of kind ${seal}.`)
}

/** What the log begins with after a first ceremony. */
export function foundingOf(
  custody: Custody,
  { approvers, policy, seal }: Foundation & { readonly seal: string },
  quorum: Quorum | null,
): Founding {
  return { approvers, policy, seal, quorum, witness: custody.witness }
}
