import type { Escorts } from './escorts.ts'

/**
 * The custody plane as the data plane sees it: leases of group keys, and escorted accesses. The in-process
 * custodian of `npm start` and the client of a separate one both stand behind this interface.
 */
export interface Custodian {
  /**
   * Leases the key that new objects of a bucket are sealed with (and the next epoch's, where it exists),
   * or one key by its id, to open what it sealed.
   * @throws NoLease
   */
  lease(ask: LeaseAsk): Promise<Lease>
  /**
   * Has the custodian wrap or unwrap one DEK, of a bucket whose group keys it keeps to itself.
   * @returns 48 bytes where a DEK was given, which it is wrapped to; else the 32 of the envelope's DEK
   * @throws NoLease
   */
  useKey(use: KeyUse): Promise<Uint8Array>
  /** Hears of revocations, so that keys are dropped before their lease ends. */
  onRevoked(listener: (keys: 'all' | readonly string[]) => void): void
  /** Where people let others in under their eyes; the custodian of `npm start` has no people. */
  readonly escorts?: Escorts
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

/** A group key, but for the key. */
export interface KeyAbout {
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly tenant: string
  readonly bucket: string
  /** `2026-11`: the month in UTC whose objects this key seals. */
  readonly epoch: string
  readonly state: GroupKeyState
}

export interface OpenKey extends KeyAbout {
  /** 32 bytes. Whoever holds the lease overwrites them when it ends. */
  readonly key: Uint8Array
}

export type LeasedKey =
  /** `half`: fingerprint of the customer's half, which must be added before the key wraps anything. */
  | (OpenKey & { readonly half?: string })
  /** It stays with the custodian, who wraps and unwraps each DEK. */
  | (KeyAbout & { readonly perUse: true; readonly key?: undefined })

/** Who uses a key, and for what: what a custodian judges who wraps DEKs one by one. */
export interface Purpose {
  /** The operation, by its name in S3. */
  readonly action: string
  /** The application's access key; absent where it sent no signature. */
  readonly caller?: string
  /** A code that the application gives for it. */
  readonly reason?: string
}

/** One DEK to wrap or unwrap. */
export interface KeyUse {
  readonly tenant: string
  readonly bucket: string
  /** The object's. */
  readonly key: string
  /** 162 bytes. */
  readonly envelope: Uint8Array
  /** 32 bytes to wrap; absent: the envelope's is to be unwrapped. */
  readonly dek?: Uint8Array
  readonly purpose: Purpose
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
