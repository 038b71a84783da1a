import type { Custody } from './custody.ts'

/** Keys that a proxy must drop at once. */
export type Revocation = 'all'

interface Subscriber {
  readonly fingerprint: string
  readonly tenant: string
  send(keys: Revocation): void
}

/** Tells proxies at once what they must drop, rather than when their leases end. */
export class Revocations {
  readonly #subscribers = new Set<Subscriber>()

  constructor(custody: Custody) {
    custody.onDrop(scope => {
      const concerned = ({ fingerprint, tenant }: Subscriber) =>
        'proxy' in scope ? scope.proxy === fingerprint : scope.tenant === '*' || scope.tenant === tenant
      for (const subscriber of this.#subscribers) if (concerned(subscriber)) subscriber.send('all')
    })
  }

  /** @returns ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }
}
