import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { CustodyError } from '../errors.ts'
import type { Quorum } from '../quorum/quorum.ts'
import { hsmQuorumRoot } from '../roots/hsm-quorum.ts'
import { quorumRoot } from '../roots/quorum.ts'
import type { RootProvider, SealKind, SealRecord } from '../roots/root.ts'
import { type Unsealed, unseal } from '../unseal.ts'

/** A seal that the host's operator has made ready: holders alone, holders and an HSM, or one that opens unattended. */
export type SealOffer =
  | { readonly kind: 'quorum' }
  | { readonly kind: 'hsm+quorum'; readonly hsm: RootProvider }
  | { readonly kind: UnattendedKind; readonly root: RootProvider }

export type QuorumKind = 'quorum' | 'hsm+quorum'
export type UnattendedKind = Exclude<SealKind, QuorumKind>

export const isQuorumKind = (kind: string): kind is QuorumKind => kind === 'quorum' || kind === 'hsm+quorum'

/** How the root is kept, for everybody who asks. */
export interface SealStatus {
  readonly kind: string
  /** Whether it opens without people: then the host's owner can open it, and the quorum guards acts alone. */
  readonly unattended: boolean
  /** Whether it is for a first look and nothing else. */
  readonly development: boolean
}

export const sealStatus = (kind: string): SealStatus => ({
  kind,
  unattended: !isQuorumKind(kind),
  development: kind === 'file' || kind === 'passphrase',
})

/** The seal in force; undefined before the first ceremony. */
export async function sealInForce(
  registry: CustodyRegistry,
): Promise<
  { readonly kind: string; readonly record: SealRecord; readonly quorum: Quorum | undefined } | undefined
> {
  const row = await registry.database.selectFrom('seal').select(['kind', 'record']).executeTakeFirst()
  if (!row) return undefined
  const record = JSON.parse(row.record) as SealRecord
  const quorum = record['quorum']
  return {
    kind: row.kind,
    record,
    quorum: typeof quorum === 'string' ? (JSON.parse(quorum) as Quorum) : undefined,
  }
}

/**
 * The seals that the configuration offers: the one in use, and, before a change, the one to come. After the
 * change both stand for a while, so what the registry says decides which opens.
 */
export class SealOffers {
  readonly #offers: readonly SealOffer[]

  /** @param offers the one to come last */
  constructor(offers: readonly SealOffer[]) {
    this.#offers = offers
  }

  offers(kind: SealKind): boolean {
    return this.#offers.some(offer => offer.kind === kind)
  }

  /**
   * A provider that makes a new root of a kind.
   *
   * @param shared what the holders' shares gave, where the kind has holders
   * @throws CustodyError `Refused` where the configuration does not offer the kind
   */
  maker(kind: SealKind, shared?: { readonly quorum: Quorum; readonly secret: Uint8Array }): RootProvider {
    const offer = this.#offers.findLast(offer => offer.kind === kind)
    const provider = offer && providerOf(offer, shared)
    if (provider) return provider
    throw new CustodyError(
      'Refused',
      `This custodian's configuration offers no seal of kind ${kind}. Its host's operator enters it as nextSeal.`,
    )
  }

  /** Opens the root of a registry whose holders brought their shares. */
  async open(
    registry: CustodyRegistry,
    shared: { readonly quorum: Quorum; readonly secret: Uint8Array },
    now: number,
  ): Promise<Unsealed> {
    return await this.#openAny(registry, shared, now)
  }

  /** Opens the root of a registry without people; undefined where it takes them. */
  async openUnattended(registry: CustodyRegistry, now: number): Promise<Unsealed | undefined> {
    const seal = await sealInForce(registry)
    return seal === undefined || isQuorumKind(seal.kind)
      ? undefined
      : await this.#openAny(registry, undefined, now)
  }

  async #openAny(
    registry: CustodyRegistry,
    shared: { readonly quorum: Quorum; readonly secret: Uint8Array } | undefined,
    now: number,
  ): Promise<Unsealed> {
    const kind = (await sealInForce(registry))?.kind
    const fitting = this.#offers.filter(offer => offer.kind === kind)
    let failure: unknown
    for (const offer of fitting) {
      const provider = providerOf(offer, shared)
      if (!provider) continue
      try {
        return await unseal(registry, provider, now)
      } catch (error) {
        failure ??= error
      }
    }
    throw (
      failure ??
      new CustodyError(
        'SealMismatch',
        `The root of this registry is kept by ${kind}, which the configuration does not offer. Configure ${kind} again.`,
      )
    )
  }
}

function providerOf(
  offer: SealOffer,
  shared: { readonly quorum: Quorum; readonly secret: Uint8Array } | undefined,
): RootProvider | undefined {
  if ('root' in offer) return offer.root
  if (!shared) return undefined
  const { quorum, secret } = shared
  return offer.kind === 'quorum' ? quorumRoot(quorum, secret) : hsmQuorumRoot(offer.hsm, quorum, secret)
}
