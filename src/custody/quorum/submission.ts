import type { Context } from '../context.ts'
import { openWith, sealTo } from '../hpke.ts'
import type { Quorum } from './quorum.ts'
import { readShare } from './share.ts'

/** What a holder submits a share for. A share sealed for one opens for no other. */
export type Purpose = 'prove' | 'unseal' | 'reset'

/** For what a share is sealed: to be taken, or for a dry run, which is good for nothing else. */
export type SealedFor = Purpose | `try-${Purpose}`

/** Where shares go: the key that the custodian made at this start, and forgets after. */
export interface Desk {
  readonly origin: string
  /** Base64url of the set id. */
  readonly set: string
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

/** The holder's side: opens the sealed share with the holder's own key. */
export async function openShare(
  sealed: Uint8Array,
  privateKey: Uint8Array,
  about: { origin: string; set: string; party: string; holder: string },
): Promise<Buffer> {
  const { origin, set, party, holder } = about
  return await openWith(privateKey, sealed, [
    'treuhand/share/v1',
    origin,
    Buffer.from(set, 'base64url'),
    party,
    holder,
  ])
}

/**
 * The holder's side: seals a share to the custodian's desk.
 * @throws CustodyError `Malformed` when the envelope is not a share
 */
export async function submitShare(envelope: Uint8Array, sealedFor: SealedFor, desk: Desk): Promise<Buffer> {
  readShare(envelope)
  return await sealTo(desk.publicKey, envelope, submissionContext(sealedFor, desk))
}

/** The custodian's side. */
export async function openSubmission(
  sealed: Uint8Array,
  sealedFor: SealedFor,
  quorum: Quorum,
  desk: { publicKey: Uint8Array; privateKey: Uint8Array },
): Promise<Buffer> {
  const { origin, set } = quorum
  return await openWith(
    desk.privateKey,
    sealed,
    submissionContext(sealedFor, { origin, set, publicKey: desk.publicKey }),
  )
}

const submissionContext = (sealedFor: SealedFor, { origin, set, publicKey }: Desk): Context => [
  'treuhand/submission/v1',
  sealedFor,
  origin,
  Buffer.from(set, 'base64url'),
  publicKey,
]
