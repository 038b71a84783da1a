import type { Custody } from './custody.ts'

/** What a proxy must drop at once: all its keys, or what it serves under an access key that was escorted. */
export type Revocation = { readonly drop: 'all' } | { readonly ended: string }

interface Subscriber {
  readonly fingerprint: string
  readonly tenant: string
  send(revocation: Revocation): void
}

/** Tells proxies at once what they must drop, rather than when their leases end. */
export class Revocations {
  readonly #subscribers = new Set<Subscriber>()

  constructor(custody: Custody) {
    custody.onDrop(scope => {
      const revocation: Revocation = 'escort' in scope ? { ended: scope.escort } : { drop: 'all' }
      const concerned = ({ fingerprint, tenant }: Subscriber) =>
        'proxy' in scope ? scope.proxy === fingerprint : scope.tenant === '*' || scope.tenant === tenant
      for (const subscriber of this.#subscribers) if (concerned(subscriber)) subscriber.send(revocation)
    })
  }

  /** @returns ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }
}
