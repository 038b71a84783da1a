import { Type } from 'typebox'
import { CustodyError } from '../errors.ts'

/** In the body of a call that no person signs; in what a person signs it stands in the signed document. */
export const DryRun = Type.Optional(
  Type.Boolean({ description: 'checks everything, says what would be done, and changes nothing' }),
)

/** How a dry run is answered. */
export interface Would {
  readonly dryRun: true
  /** A sentence. */
  readonly would: string
}

export const wouldBe = (would: string): Would => ({ dryRun: true, would })

/**
 * The signature of a decision. What is signed would be good for the decision itself, so a dry run has none.
 *
 * @returns undefined for a dry run
 * @throws CustodyError `Malformed`
 */
export function signatureUnlessDry(body: {
  readonly signature?: string
  readonly dryRun?: boolean
}): string | undefined {
  if ((body.signature === undefined) === (body.dryRun === true)) return body.signature
  throw new CustodyError('Malformed', 'A decision is signed, and a dry run of one is not.')
}
