import type { Json } from './canonical.ts'
import { readCanonical } from './canonical.ts'
import type { Custody } from './custody.ts'
import { CustodyError } from './errors.ts'
import { verifyPerson } from './persons.ts'
import type { Records } from './records.ts'
import { noteSeen, type SeenRule } from './seen.ts'

/** What an officer or delegate asks for alone, signed by their key: it opens nothing by itself. */
export interface PersonRequest {
  readonly act: string
  readonly params: { readonly [name: string]: Json }
  /** Fingerprint of the key that signed. */
  readonly by: string
  /** Whether it asks what would be done. What is signed for that is good for nothing else. */
  readonly dryRun: boolean
}

export const REQUEST_LABEL = 'treuhand/request/v1'
const MOST = 4096
/** Milliseconds by which the person's clock and ours may differ. */
const WINDOW = 5 * 60_000
/** Remembered for much longer than a request counts, so that a clock set back lets none in again. */
const NONCES: SeenRule = { kind: 'nonce', most: 1_000, span: 24 * 3_600_000 }

/** Takes requests that persons signed, each once. */
export class PersonRequests {
  readonly #custody: Custody

  constructor(custody: Custody) {
    this.#custody = custody
  }

  /**
   * Takes a request of which there is no dry run.
   *
   * @throws CustodyError as `takeOrTry` does, and `Malformed` where it was signed for a dry run
   */
  async take(document: string, signature: string, records?: Records): Promise<PersonRequest> {
    const request = await this.takeOrTry(document, signature, records)
    if (!request.dryRun) return request
    throw new CustodyError('Malformed', `The request ${request.act} has no dry run.`)
  }

  /**
   * Takes a request to look, which changes nothing: within five minutes it counts as often as it is shown.
   *
   * @throws CustodyError as `takeOrTry` does
   */
  async look(document: string, signature: string): Promise<PersonRequest> {
    return await this.#verify(document, signature)
  }

  /**
   * Takes a request, or a dry run of one: whoever asks looks at `dryRun`.
   *
   * @param document canonical JSON of label, origin, act, params, by, at (milliseconds since 1970) and nonce; for a dry
   *   run `dryRun`: true
   * @param records by which the person is known; those of the unsealed custodian by default
   * @throws CustodyError `Malformed`, `Refused`, `Unverified`, `Expired`, `Conflict`
   */
  async takeOrTry(document: string, signature: string, records?: Records): Promise<PersonRequest> {
    const { nonce, ...request } = await this.#verify(document, signature, records)
    if (request.dryRun) return request
    const { registry, now } = this.#custody
    const seen = await noteSeen(registry, NONCES, request.by, nonce, now())
    if (seen === 'again') throw new CustodyError('Conflict', 'This request was made already.')
    if (seen === 'too-many')
      throw new CustodyError('TooMany', 'This key has signed too many requests today. Come again tomorrow.')
    return request
  }

  async #verify(
    document: string,
    signature: string,
    records?: Records,
  ): Promise<PersonRequest & { readonly nonce: string }> {
    const custody = this.#custody
    const {
      label,
      origin,
      act,
      params,
      by,
      at,
      nonce,
      dryRun = false,
    } = readCanonical(Buffer.from(document), MOST) as Record<string, Json>
    if (
      label !== REQUEST_LABEL ||
      typeof act !== 'string' ||
      typeof by !== 'string' ||
      typeof params !== 'object' ||
      typeof dryRun !== 'boolean'
    ) {
      throw new CustodyError('Malformed', 'This is no request of a person.')
    }
    if (origin !== custody.origin) throw new CustodyError('Refused', `The request is for ${String(origin)}.`)
    if (typeof at !== 'number' || Math.abs(custody.now() - at) > WINDOW) {
      throw new CustodyError(
        'Expired',
        'The request was not made just now. Look at the clock, and make it anew.',
      )
    }
    await verifyPerson(custody, by, document, signature, records)
    if (typeof nonce !== 'string' || nonce.length > 100)
      throw new CustodyError('Malformed', 'A request has a nonce of its own.')
    return { act, params: (params ?? {}) as PersonRequest['params'], by, dryRun, nonce }
  }
}
