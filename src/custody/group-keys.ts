import type { GroupKeyState, OpenKey } from '../keys/custodian.ts'
import type { CustodyRegistry } from '../registry/custody/registry.ts'
import { type Epoch, epochForced, FORCED } from './epoch.ts'
import { type GroupKeyRow, groupKeyContext } from './group-key-row.ts'
import type { Keks } from './keks.ts'
import { type DepositNewKey, NewGroupKeys, type SecureNewKey } from './new-group-keys.ts'
import { unwrap } from './wrap.ts'

/** A group key that may be leased. */
type LeasableRow = GroupKeyRow & { readonly state: GroupKeyState; readonly suspended: 0 }

/** A group key as it may be shown: what it is, not what it holds. */
export interface KeyListing {
  /** Hex. */
  readonly id: string
  readonly bucket: string
  readonly epoch: Epoch
  readonly state: GroupKeyRow['state']
  readonly suspended: boolean
  /** Version of the KEK that wraps it. */
  readonly kek: number
}

/**
 * The group keys: one per tenant, bucket and epoch, wrapped by the tenant's KEK. This alone makes them and
 * opens them.
 */
export class GroupKeys {
  readonly #registry: CustodyRegistry
  readonly #keks: Keks
  readonly #new: NewGroupKeys

  constructor(
    registry: CustodyRegistry,
    keks: Keks,
    secure: SecureNewKey = async () => {},
    deposit: DepositNewKey = async () => undefined,
  ) {
    this.#registry = registry
    this.#keks = keks
    this.#new = new NewGroupKeys(registry, keks, secure, deposit)
  }

  /**
   * The key that new objects of a bucket are sealed with, and the next epoch's from 24 hours before it
   * begins. Makes what is missing.
   *
   * @returns current first; empty where the current key is suspended
   */
  async current(tenant: string, bucket: string, now: number): Promise<OpenKey[]> {
    const rows = await this.#new.current(tenant, bucket, now)
    const leasable = rows.filter(isLeasable)
    if (leasable[0]?.state !== 'active') return []
    return await Promise.all(leasable.map(row => this.open(row)))
  }

  /** @returns undefined where there is no such key, it belongs to another bucket, or it may not be leased */
  async byId(tenant: string, bucket: string, id: Uint8Array): Promise<OpenKey | undefined> {
    const row = await this.#registry.database
      .selectFrom('group_keys')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .where('bucket', '=', bucket)
      .executeTakeFirst()
    return row && isLeasable(row) ? await this.open(row) : undefined
  }

  /**
   * Makes a further key for the present month and lets new objects be sealed with it at once.
   *
   * @returns undefined where the month has had its most
   */
  async advance(tenant: string, bucket: string, now: number): Promise<Epoch | undefined> {
    const [active] = await this.#new.current(tenant, bucket, now)
    const epoch = active && epochForced(active.epoch, now)
    if (epoch === undefined) return undefined
    await this.#new.make(tenant, bucket, epoch, now)
    await this.#new.turn(tenant, bucket, epoch)
    return epoch
  }

  /** When a bucket was last given a further key within a month, in milliseconds since 1970; 0 where it never was. */
  async advancedAt(tenant: string, bucket: string): Promise<number> {
    const row = await this.#registry.database
      .selectFrom('group_keys')
      .select('created')
      .where('tenant', '=', tenant)
      .where('bucket', '=', bucket)
      .where('epoch', 'like', FORCED)
      .orderBy('created', 'desc')
      .executeTakeFirst()
    return row?.created ?? 0
  }

  /** A tenant's group keys, without the keys. */
  async list(tenant: string): Promise<KeyListing[]> {
    const rows = await this.#registry.database
      .selectFrom('group_keys')
      .select(['id', 'bucket', 'epoch', 'state', 'suspended', 'kek_version'])
      .where('tenant', '=', tenant)
      .orderBy('bucket')
      .orderBy('epoch')
      .execute()
    return rows.map(({ id, suspended, kek_version, ...row }) => {
      return { ...row, id: Buffer.from(id).toString('hex'), suspended: suspended === 1, kek: kek_version }
    })
  }

  /**
   * A tenant's keys that still hold something, whole rows.
   *
   * @param buckets by name; `*` for all
   * @param epochs as `2026-11`; `*` for all
   */
  async held(tenant: string, buckets: readonly string[], epochs: readonly string[]): Promise<GroupKeyRow[]> {
    const rows = await this.#registry.database
      .selectFrom('group_keys')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('state', 'not in', ['destroying', 'destroyed'])
      .orderBy('bucket')
      .orderBy('epoch')
      .execute()
    const within = (names: readonly string[], name: string) => names.includes('*') || names.includes(name)
    return rows.filter(({ bucket, epoch }) => within(buckets, bucket) && within(epochs, epoch))
  }

  /** Unwraps a key, whatever its state: for a lease, an export, a new wrapping. The caller overwrites it. */
  async open(row: LeasableRow): Promise<OpenKey>
  async open(row: GroupKeyRow): Promise<{ readonly key: Uint8Array }>
  async open(row: GroupKeyRow) {
    const { id, tenant, bucket, epoch, state } = row
    const key = await unwrap(
      await this.#keks.open(tenant, row.kek_version),
      row.wrapped,
      groupKeyContext(row),
    )
    return { id, tenant, bucket, epoch, state, key }
  }
}

function isLeasable(row: GroupKeyRow): row is LeasableRow {
  return row.suspended === 0 && row.state !== 'destroying' && row.state !== 'destroyed'
}
