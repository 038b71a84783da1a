/**
 * The custody plane as the data plane sees it: leases of group keys, and nothing else. The in-process
 * custodian of `npm start` and the client of a separate one both stand behind this interface.
 */
export interface Custodian {
  /**
   * Leases the key that new objects of a bucket are sealed with (and the next epoch's, where it exists),
   * or one key by its id, to open what it sealed.
   * @throws NoLease
   */
  lease(ask: LeaseAsk): Promise<Lease>
  /** Hears of revocations, so that keys are dropped before their lease ends. */
  onRevoked(listener: (keys: 'all' | readonly string[]) => void): void
  close(): Promise<void>
}

export interface LeaseAsk {
  readonly tenant: string
  /** The bucket by the name the application uses. */
  readonly bucket: string
  readonly key: 'current' | { readonly id: Uint8Array }
}

export interface Lease {
  readonly id: string
  /** Milliseconds that the keys may be used, counted from before the request was sent. */
  readonly ttl: number
  /** Current first. */
  readonly keys: readonly LeasedKey[]
}

/** `pending` seals nothing yet, `decrypt-only` seals nothing any more. */
export type GroupKeyState = 'pending' | 'active' | 'decrypt-only'

export interface LeasedKey {
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly tenant: string
  readonly bucket: string
  /** `2026-11`: the month in UTC whose objects this key seals. */
  readonly epoch: string
  readonly state: GroupKeyState
  /** 32 bytes. Whoever holds the lease overwrites them when it ends. */
  readonly key: Uint8Array
}

/** No key may be had: custodian sealed, unreachable, killed, or the caller not allowed. The answer is 503. */
export class NoLease extends Error {
  override readonly name = 'NoLease'
  readonly reason: 'unreachable' | 'sealed' | 'killed' | 'refused' | 'unknown-key' | 'expired'

  constructor(reason: NoLease['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}
