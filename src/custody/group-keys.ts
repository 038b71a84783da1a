import type { Selectable } from 'kysely'
import type { GroupKeyState, OpenKey } from '../keys/custodian.ts'
import type { CustodyRegistry } from '../registry/custody/registry.ts'
import type { DepositTable, GroupKeyTable } from '../registry/custody/schema.ts'
import { type Epoch, epochAt, epochForced, epochSoon, FORCED } from './epoch.ts'
import type { Keks } from './keks.ts'
import { unwrap, type WrapContext, wrap } from './wrap.ts'

export type GroupKeyRow = Selectable<GroupKeyTable>

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
 * Keeps a new group key where the registry's loss does not lose it: in a backup, or sealed to the customer.
 * The key seals nothing before this resolved.
 */
export type SecureNewKey = (row: GroupKeyRow) => Promise<void>

/** A new key sealed to the customer, where the tenant has somebody to deposit it with; kept in the key's commit. */
export type DepositNewKey = (
  row: Pick<GroupKeyRow, 'id' | 'tenant' | 'bucket' | 'epoch'>,
  key: Uint8Array,
) => Promise<Selectable<DepositTable> | undefined>

/**
 * The group keys: one per tenant, bucket and epoch, wrapped by the tenant's KEK. This alone makes them and
 * opens them.
 */
export class GroupKeys {
  readonly #registry: CustodyRegistry
  readonly #keks: Keks
  readonly #secure: SecureNewKey
  readonly #deposit: DepositNewKey

  constructor(
    registry: CustodyRegistry,
    keks: Keks,
    secure: SecureNewKey = async () => {},
    deposit: DepositNewKey = async () => undefined,
  ) {
    this.#registry = registry
    this.#keks = keks
    this.#secure = secure
    this.#deposit = deposit
  }

  /**
   * The key that new objects of a bucket are sealed with, and the next epoch's from 24 hours before it
   * begins. Makes what is missing.
   *
   * @returns current first; empty where the current key is suspended
   */
  async current(tenant: string, bucket: string, now: number): Promise<OpenKey[]> {
    const rows = await this.#currentRows(tenant, bucket, now)
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
    const [active] = await this.#currentRows(tenant, bucket, now)
    const epoch = active && epochForced(active.epoch, now)
    if (epoch === undefined) return undefined
    await this.#make(tenant, bucket, epoch, now)
    await this.#turn(tenant, bucket, epoch)
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

  async #currentRows(tenant: string, bucket: string, now: number): Promise<GroupKeyRow[]> {
    const [epoch, soon] = [epochAt(now), epochSoon(now)]
    const inUse = await this.#inUse(tenant, bucket)
    const active = inUse.find(row => row.state === 'active')
    // A clock set back finds a later epoch active already: states never go back, so it stays.
    const currentStands = active !== undefined && active.epoch >= epoch
    const nextStands = soon === undefined || inUse.some(row => row.epoch >= soon)
    if (currentStands && nextStands) return inUse

    if (!currentStands) {
      const free = await this.#freeEpoch(tenant, bucket, epoch, now)
      if (free === undefined) return []
      await this.#make(tenant, bucket, free, now)
      await this.#turn(tenant, bucket, free)
    }
    if (!nextStands) await this.#make(tenant, bucket, soon, now)
    return await this.#inUse(tenant, bucket)
  }

  /**
   * The epoch of the key that is to be made: this month's, or a further one within it where its key is destroyed.
   *
   * @returns undefined where the month has had its most
   */
  async #freeEpoch(tenant: string, bucket: string, epoch: Epoch, now: number): Promise<Epoch | undefined> {
    const newest = await this.#registry.database
      .selectFrom('group_keys')
      .select(['epoch', 'state'])
      .where('tenant', '=', tenant)
      .where('bucket', '=', bucket)
      .where('epoch', '>=', epoch)
      .orderBy('epoch', 'desc')
      .executeTakeFirst()
    if (newest?.state !== 'destroying' && newest?.state !== 'destroyed') return newest?.epoch ?? epoch
    return epochForced(newest.epoch, now)
  }

  /** The bucket's active and pending keys, active first. */
  async #inUse(tenant: string, bucket: string): Promise<GroupKeyRow[]> {
    return await this.#registry.database
      .selectFrom('group_keys')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('bucket', '=', bucket)
      .where('state', 'in', ['active', 'pending'])
      .orderBy('epoch')
      .execute()
  }

  /** Whoever comes second finds the first one's row: it is unique. */
  async #make(tenant: string, bucket: string, epoch: Epoch, now: number): Promise<void> {
    for (;;) {
      const version = await this.#keks.active(tenant, now)
      const id = crypto.getRandomValues(new Uint8Array(16))
      const key = crypto.getRandomValues(new Uint8Array(32))
      const about = { id, tenant, bucket, epoch, kek_version: version }
      const wrapped = await wrap(await this.#keks.open(tenant, version), key, groupKeyContext(about))
      const deposit = await this.#deposit(about, key).finally(() => key.fill(0))
      const row = { ...about, wrapped, state: 'pending', suspended: 0, created: now } as const
      if (await this.#insert(row, deposit)) return
    }
  }

  /** @returns false where the KEK was retired meanwhile: it is about to be overwritten */
  async #insert(row: GroupKeyRow, deposit: Selectable<DepositTable> | undefined): Promise<boolean> {
    return await this.#registry.write(async transaction => {
      const kek = await transaction
        .selectFrom('keks')
        .select('state')
        .where('tenant', '=', row.tenant)
        .where('version', '=', row.kek_version)
        .executeTakeFirst()
      if (kek?.state !== 'active') return false
      const made = await transaction
        .insertInto('group_keys')
        .values(row)
        .onConflict(conflict => conflict.columns(['tenant', 'bucket', 'epoch']).doNothing())
        .returning('id')
        .execute()
      if (deposit && made.length === 1) await transaction.insertInto('deposits').values(deposit).execute()
      return true
    })
  }

  /** Makes the key of `epoch` the active one, once it is secured; earlier ones seal nothing any more. */
  async #turn(tenant: string, bucket: string, epoch: Epoch): Promise<void> {
    const pending = (await this.#inUse(tenant, bucket)).find(
      row => row.epoch === epoch && row.state === 'pending',
    )
    if (pending) await this.#secure(pending)
    await this.#registry.write(async transaction => {
      const ofBucket = transaction
        .updateTable('group_keys')
        .where('tenant', '=', tenant)
        .where('bucket', '=', bucket)
      await ofBucket
        .set({ state: 'decrypt-only' })
        .where('epoch', '<', epoch)
        .where('state', 'in', ['active', 'pending'])
        .execute()
      await ofBucket
        .set({ state: 'active' })
        .where('epoch', '=', epoch)
        .where('state', '=', 'pending')
        .execute()
    })
  }
}

export function groupKeyContext(
  row: Pick<GroupKeyRow, 'tenant' | 'bucket' | 'epoch' | 'id' | 'kek_version'>,
): WrapContext {
  return ['treuhand/group-key/v1', row.tenant, row.bucket, row.epoch, row.id, row.kek_version]
}

function isLeasable(row: GroupKeyRow): row is LeasableRow {
  return row.suspended === 0 && row.state !== 'destroying' && row.state !== 'destroyed'
}
