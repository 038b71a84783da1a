import type { Custody } from './custody.ts'

/** Keys that a proxy must drop at once: all it has, or those of these ids in hex. */
export type Revocation = 'all' | readonly string[]

interface Subscriber {
  readonly fingerprint: string
  readonly tenant: string
  send(keys: Revocation): void
}

/** Tells proxies at once what they must drop, rather than when their leases end. */
export class Revocations {
  readonly #subscribers = new Set<Subscriber>()

  constructor(custody: Custody) {
    custody.onStop(scope => this.#tell(({ tenant }) => scope === '*' || scope === tenant, 'all'))
  }

  /** @returns ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  proxyRevoked(fingerprint: string): void {
    this.#tell(subscriber => subscriber.fingerprint === fingerprint, 'all')
  }

  keysRevoked(tenant: string, ids: readonly string[]): void {
    this.#tell(subscriber => subscriber.tenant === tenant, ids)
  }

  #tell(concerned: (subscriber: Subscriber) => boolean, keys: Revocation): void {
    for (const subscriber of this.#subscribers) if (concerned(subscriber)) subscriber.send(keys)
  }
}
