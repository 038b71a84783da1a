import type { AeadEngine } from '../seal/aead.ts'
import type { Custodian, Lease, LeaseAsk, LeasedKey } from './custodian.ts'
import { NoLease } from './custodian.ts'
import { type GroupKey, type HeldKey, holdKey } from './group-key.ts'
import type { CustomerHalf } from './half.ts'

/** The clocks that bound a lease: one that never steps back, one that survives suspension. */
export interface Clocks {
  /** Milliseconds, as `performance.now()`. */
  monotonic(): number
  /** Milliseconds since 1970, as `Date.now()`. */
  wall(): number
}

const STEP_BACK_LIMIT = 5_000
const RENEW_AT = 1 / 3
const RENEW_JITTER = 0.1
const RETRY_RENEWAL_AFTER = 1_000

/** A bucket's key that could not be renewed in time; it is asked for again each second. */
export interface NotRenewed {
  readonly bucket: string
  readonly error: unknown
  /** Milliseconds until the lease ends. */
  readonly ends: number
}

interface Held {
  readonly ends: { readonly monotonic: number; readonly wall: number }
  readonly end: AbortController
  readonly key: HeldKey
}

/**
 * The leased group keys of this process, and the only memory that holds them. A key is renewed at a third of
 * its lease, dropped and overwritten at its end, and asked for again by whoever needs it next.
 */
export class GroupKeys {
  readonly #custodian: Custodian
  readonly #engine: AeadEngine
  readonly #half: CustomerHalf | undefined
  readonly #clocks: Clocks
  readonly #onNotRenewed: (about: NotRenewed) => void
  readonly #held = new Map<string, Held>()
  /** The key that seals new objects, by tenant and bucket. */
  readonly #current = new Map<string, string>()
  readonly #asking = new Map<string, Promise<void>>()
  readonly #renewals = new Map<string, NodeJS.Timeout>()
  readonly #sweep: NodeJS.Timeout
  #lastWall: number

  /** @param half the customer's, for a split tenant */
  constructor(
    custodian: Custodian,
    engine: AeadEngine,
    {
      clocks = systemClocks,
      half,
      onNotRenewed = () => {},
    }: {
      readonly clocks?: Clocks
      readonly half?: CustomerHalf | undefined
      readonly onNotRenewed?: (about: NotRenewed) => void
    } = {},
  ) {
    this.#custodian = custodian
    this.#engine = engine
    this.#half = half
    this.#clocks = clocks
    this.#onNotRenewed = onNotRenewed
    this.#lastWall = clocks.wall()
    custodian.onRevoked(keys => this.#revoke(keys))
    this.#sweep = setInterval(() => this.sweep(), 1_000).unref()
  }

  /**
   * The key that seals new objects of a bucket in this month.
   * @throws NoLease
   */
  async current(tenant: string, bucket: string): Promise<GroupKey> {
    const place = JSON.stringify([tenant, bucket])
    return (
      this.#live(this.#current.get(place)) ?? (await this.#obtain({ tenant, bucket, key: 'current' }, place))
    )
  }

  /**
   * The key that an envelope names.
   * @throws NoLease
   */
  async byId(tenant: string, bucket: string, id: Uint8Array): Promise<GroupKey> {
    const name = keyName(tenant, bucket, id)
    return this.#live(name) ?? (await this.#obtain({ tenant, bucket, key: { id } }, name))
  }

  /** Drops every key whose lease has ended, and all of them when the wall clock stepped back. */
  sweep(): void {
    const wall = this.#clocks.wall()
    const steppedBack = wall < this.#lastWall - STEP_BACK_LIMIT
    this.#lastWall = wall
    for (const [name, held] of this.#held) if (steppedBack || this.#isOver(held)) this.#drop(name)
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep)
    this.#revoke('all')
    await this.#custodian.close()
  }

  #live(name: string | undefined): GroupKey | undefined {
    const held = name === undefined ? undefined : this.#held.get(name)
    if (held === undefined) return undefined
    if (!this.#isOver(held)) return held.key.handle
    this.#drop(name as string)
    return undefined
  }

  #isOver({ ends }: Held): boolean {
    return this.#clocks.monotonic() >= ends.monotonic || this.#clocks.wall() >= ends.wall
  }

  /** Asks once for however many callers wait for the same key. */
  async #obtain(ask: LeaseAsk, place: string): Promise<GroupKey> {
    let asking = this.#asking.get(place)
    if (asking === undefined) {
      asking = this.#ask(ask).finally(() => this.#asking.delete(place))
      this.#asking.set(place, asking)
    }
    await asking
    const name = ask.key === 'current' ? this.#current.get(place) : place
    const key = this.#live(name)
    if (key === undefined)
      throw new NoLease('unknown-key', 'the custodian leased no key that this object needs')
    return key
  }

  async #ask(ask: LeaseAsk): Promise<void> {
    const asked = { monotonic: this.#clocks.monotonic(), wall: this.#clocks.wall() }
    const lease = await this.#custodian.lease(ask)
    const ends = { monotonic: asked.monotonic + lease.ttl, wall: asked.wall + lease.ttl }
    try {
      for (const key of lease.keys) this.#hold(key, ends)
    } finally {
      for (const { key } of lease.keys) key?.fill(0)
    }
    if (ask.key === 'current') this.#seatCurrent(ask, lease)
  }

  #seatCurrent(ask: LeaseAsk, lease: Lease): void {
    const active = lease.keys.find(key => key.state === 'active')
    if (active === undefined) return
    const place = JSON.stringify([ask.tenant, ask.bucket])
    this.#current.set(place, keyName(ask.tenant, ask.bucket, active.id))
    this.#renewLater(ask, place, lease.ttl)
  }

  #hold(key: LeasedKey, ends: Held['ends']): void {
    const name = keyName(key.tenant, key.bucket, key.id)
    const earlier = this.#held.get(name)
    if (earlier === undefined) {
      const end = new AbortController()
      const held = holdKey(key, this.#engine, this.#half, this.#custodian, end.signal)
      this.#held.set(name, { ends, end, key: held })
    } else if (earlier.key.perUse !== (key.key === undefined)) {
      // The tenant's settings have changed: what began under the other kind of lease ends here.
      this.#drop(name)
      this.#hold(key, ends)
    } else {
      // The same key under a longer lease: streams that began under the earlier one go on.
      this.#held.set(name, { ...earlier, ends })
    }
  }

  #renewLater(ask: LeaseAsk, place: string, ttl: number): void {
    clearTimeout(this.#renewals.get(place))
    const jitter = 1 + (Math.random() * 2 - 1) * RENEW_JITTER
    this.#renewAfter(ask, place, ttl * RENEW_AT * jitter)
  }

  #renewAfter(ask: LeaseAsk, place: string, delay: number): void {
    const timer = setTimeout(() => {
      if (this.#live(this.#current.get(place)) === undefined) return void this.#renewals.delete(place)
      // A custodian that is away costs nothing until the lease ends; then callers get its NoLease.
      this.#ask(ask).catch(error => {
        this.#tellNotRenewed(ask, place, error)
        this.#renewAfter(ask, place, RETRY_RENEWAL_AFTER)
      })
    }, delay)
    this.#renewals.set(place, timer.unref())
  }

  #tellNotRenewed({ bucket }: LeaseAsk, place: string, error: unknown): void {
    const held = this.#held.get(this.#current.get(place) ?? '')
    // Dropped meanwhile: whoever needs it next is told why there is none.
    if (held) this.#onNotRenewed({ bucket, error, ends: held.ends.monotonic - this.#clocks.monotonic() })
  }

  #revoke(keys: 'all' | readonly string[]): void {
    for (const [name, held] of this.#held)
      if (keys === 'all' || keys.includes(Buffer.from(held.key.handle.id).toString('hex'))) this.#drop(name)
    if (keys !== 'all') return
    for (const timer of this.#renewals.values()) clearTimeout(timer)
    this.#renewals.clear()
  }

  #drop(name: string): void {
    const held = this.#held.get(name)
    if (held === undefined) return
    this.#held.delete(name)
    held.end.abort(new NoLease('expired', 'the lease of the group key has ended'))
    held.key.wipe()
  }
}

const systemClocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() }

const keyName = (tenant: string, bucket: string, id: Uint8Array) =>
  JSON.stringify([tenant, bucket, Buffer.from(id).toString('hex')])
