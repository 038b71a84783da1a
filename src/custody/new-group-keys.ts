import type { Selectable } from 'kysely'
import type { CustodyRegistry } from '../registry/custody/registry.ts'
import type { DepositTable } from '../registry/custody/schema.ts'
import { type Epoch, epochAt, epochForced, epochSoon } from './epoch.ts'
import { type GroupKeyRow, groupKeyContext } from './group-key-row.ts'
import type { Keks } from './keks.ts'
import { wrap } from './wrap.ts'

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

/** How group keys come to be: made, secured elsewhere, and only then the ones that new objects are sealed with. */
export class NewGroupKeys {
  readonly #registry: CustodyRegistry
  readonly #keks: Keks
  readonly #secure: SecureNewKey
  readonly #deposit: DepositNewKey

  constructor(registry: CustodyRegistry, keks: Keks, secure: SecureNewKey, deposit: DepositNewKey) {
    this.#registry = registry
    this.#keks = keks
    this.#secure = secure
    this.#deposit = deposit
  }

  /** The bucket's rows in use, active first; makes what the time asks for and is missing. */
  async current(tenant: string, bucket: string, now: number): Promise<GroupKeyRow[]> {
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
      await this.make(tenant, bucket, free, now)
      await this.turn(tenant, bucket, free)
    }
    if (!nextStands) await this.make(tenant, bucket, soon, now)
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
  async make(tenant: string, bucket: string, epoch: Epoch, now: number): Promise<void> {
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
  async turn(tenant: string, bucket: string, epoch: Epoch): Promise<void> {
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
