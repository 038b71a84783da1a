import { randomUUID } from 'node:crypto'
import type { LeasedKey, OpenKey } from '../keys/custodian.ts'
import type { Custody } from './custody.ts'
import { CustodyError, type CustodyErrorCode } from './errors.ts'
import { type CountrySet, judge } from './fence.ts'
import { Limit, tooMany } from './limits.ts'
import type { Opened } from './opened.ts'
import type { ProxyRecord, TenantRecord } from './people.ts'
import { perUseRule } from './per-use.ts'
import type { Kept } from './records.ts'
import { noteSeen, type SeenRule } from './seen.ts'

/** A proxy that showed its certificate, and the address that counts for the fence. */
export interface Caller {
  readonly fingerprint: string
  readonly address: string
}

/** One bucket's current key, or one key by its id. */
export interface KeyAsk {
  readonly bucket: string
  /** 16 bytes; absent for the current key. */
  readonly id?: Uint8Array
}

export interface LeaseAnswer {
  readonly lease: string
  readonly proxy: string
  /** Revision of the tenant's settings under which it was judged. */
  readonly policy: number
  /** Index of the log entry that shows it. */
  readonly entry: number
  /** Milliseconds, counted from before the request. */
  readonly ttl: number
  /** In the order of the asks. */
  readonly answers: readonly KeyAnswer[]
}
export type KeyAnswer =
  | { readonly keys: readonly LeasedKey[] }
  | { readonly refused: CustodyErrorCode; readonly message: string }

const MINUTE = 60_000
const CALLS_A_MINUTE = 10
/** A key asked for again within the hour costs nothing. */
const OLD_KEYS: SeenRule = { kind: 'old-key', most: 24, span: 60 * MINUTE }

/** Leases group keys to enrolled proxies: every call judged anew, and in the log before a key leaves. */
export class Leases {
  readonly #custody: Custody
  readonly #countries: readonly [CountrySet, CountrySet]
  readonly #calls = new Limit(CALLS_A_MINUTE, MINUTE)

  constructor(custody: Custody, countries: readonly [CountrySet, CountrySet]) {
    this.#custody = custody
    this.#countries = countries
  }

  /**
   * @throws CustodyError `Sealed`, `Killed`, `Forked`, `Refused`, `TooMany`
   */
  async lease(caller: Caller, asks: readonly KeyAsk[]): Promise<LeaseAnswer> {
    const { opened, proxy, tenant } = await this.admitLease(caller)
    const now = this.#custody.now()
    const wait = this.#calls.take(caller.fingerprint, now)
    if (wait > 0) throw tooMany('lease calls', wait)
    const answers: KeyAnswer[] = []
    for (const ask of asks) answers.push(await this.#answer(opened, caller, proxy, tenant, ask, now))
    const keys = answers.flatMap(answer => ('keys' in answer ? answer.keys : []))
    const lease = randomUUID()
    try {
      const entry = await opened.log.append({
        type: 'lease',
        at: now,
        body: {
          lease,
          proxy: proxy.id,
          tenant: tenant.id,
          policy: tenant.revision,
          ttl: tenant.body.ttl,
          keys: keys.map(({ id, bucket, epoch }) => ({ id: hex(id), bucket, epoch })),
          refused: answers.length - answers.filter(answer => 'keys' in answer).length,
        },
        hidden: { address: caller.address },
      })
      // Seals and kills that came while the log was written must win.
      this.#custody.opened(tenant.id)
      return { lease, proxy: proxy.id, policy: tenant.revision, entry, ttl: tenant.body.ttl, answers }
    } catch (error) {
      for (const { key } of keys) key?.fill(0)
      throw error
    }
  }

  /** As `admit`, where keys are handed out or used: the witness must have been heard of lately. */
  async admitLease(caller: Caller): ReturnType<Leases['admit']> {
    const admitted = await this.admit(caller)
    if (await admitted.opened.witnessing.mayLease()) return admitted
    throw new CustodyError(
      'Unreachable',
      'The witness has been silent for too long, so nothing is leased until it answers.',
    )
  }

  /**
   * Judges a caller: enrolled, not revoked, its tenant not stopped, within the fence.
   *
   * @throws CustodyError
   */
  async admit(
    caller: Caller,
  ): Promise<{ opened: Opened; proxy: Kept<ProxyRecord>; tenant: Kept<TenantRecord> }> {
    // A stop of all bars leases before anything is looked up.
    const { records } = this.#custody.opened('*')
    const proxy = await records.find<ProxyRecord>('proxy', caller.fingerprint)
    if (proxy?.body.state !== 'enrolled') {
      throw new CustodyError(
        'Refused',
        'This proxy is not enrolled, or was revoked. Enrol it with a new token.',
      )
    }
    const opened = this.#custody.opened(proxy.body.tenant)
    const tenant = await records.find<TenantRecord>('tenant', proxy.body.tenant)
    if (!tenant) throw new CustodyError('Refused', `There is no tenant ${proxy.body.tenant} any more.`)
    const { fence } = tenant.body
    if (fence) {
      const staff = proxy.body.staffUntil > this.#custody.now()
      const verdict = judge(caller.address, fence, this.#countries, staff)
      if (!verdict.admitted) await this.#fenced(caller, proxy.id, tenant.id, verdict.reason)
    }
    return { opened, proxy, tenant }
  }

  async #fenced(caller: Caller, proxy: string, tenant: string, reason: string): Promise<never> {
    await this.#custody.record({
      type: 'refusal',
      at: this.#custody.now(),
      body: { proxy, tenant, reason },
      hidden: { address: caller.address },
    })
    throw new CustodyError('Refused', `The fence of tenant ${tenant} refused this address (${reason}).`)
  }

  async #answer(
    opened: Opened,
    caller: Caller,
    proxy: Kept<ProxyRecord>,
    tenant: Kept<TenantRecord>,
    ask: KeyAsk,
    now: number,
  ): Promise<KeyAnswer> {
    const { buckets } = proxy.body
    if (!buckets.includes('*') && !buckets.includes(ask.bucket)) {
      return { refused: 'Refused', message: `This proxy may not use bucket ${ask.bucket}.` }
    }
    if (ask.id === undefined) {
      const keys = await opened.groupKeys.current(tenant.id, ask.bucket, now)
      return keys.length > 0
        ? { keys: keys.map(key => leased(key, tenant.body)) }
        : { refused: 'Refused', message: `The key of bucket ${ask.bucket} is suspended.` }
    }
    const key = await opened.groupKeys.byId(tenant.id, ask.bucket, ask.id)
    if (!key)
      return { refused: 'Unknown', message: `Bucket ${ask.bucket} has no key of this id that may be leased.` }
    const handed = leased(key, tenant.body)
    if (key.state !== 'decrypt-only' || handed.key === undefined) return { keys: [handed] }
    if (await this.#mayHaveOld(caller, key, now)) return { keys: [handed] }
    key.key.fill(0)
    return {
      refused: 'TooMany',
      message: `This proxy asked for more than ${OLD_KEYS.most} old keys within an hour.`,
    }
  }

  /** A stolen proxy gathers old keys slowly, and not unnoticed. */
  async #mayHaveOld({ fingerprint }: Caller, key: OpenKey, now: number): Promise<boolean> {
    const { registry } = this.#custody
    if ((await noteSeen(registry, OLD_KEYS, fingerprint, hex(key.id), now)) !== 'too-many') return true
    this.#custody.alarm(
      'old-keys-held',
      `The proxy ${fingerprint} asked for more than ${OLD_KEYS.most} old keys within an hour. It gets no more. ` +
        'Ask its operator why, and revoke it where there is no good answer.',
    )
    return false
  }
}

/** A key as it leaves: whole, with the fingerprint of the half that it lacks, or not at all. */
function leased({ key, ...about }: OpenKey, tenant: TenantRecord): LeasedKey {
  if (perUseRule(tenant, about.bucket)) {
    key.fill(0)
    return { ...about, perUse: true }
  }
  return { ...about, key, ...(tenant.split !== false && { half: tenant.split }) }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
