import type { Selectable, Transaction } from 'kysely'
import type { GroupKeyState, LeasedKey } from '../keys/custodian.ts'
import type { CustodyRegistry, CustodyTables, GroupKeyTable } from '../registry/custody/schema.ts'
import { type Epoch, epochAt, epochSoon } from './epoch.ts'
import type { Unsealed } from './unseal.ts'
import { unwrap, type WrapContext, type WrappingKey, wrap, wrappingKey } from './wrap.ts'

type GroupKeyRow = Selectable<GroupKeyTable>

/** A group key that may be leased. */
type LeasableRow = GroupKeyRow & { readonly state: GroupKeyState; readonly suspended: 0 }

/**
 * The keys below the root: a KEK per tenant and version, wrapped by the root; a group key per tenant, bucket
 * and epoch, wrapped by the KEK. It alone makes keys, and hands out group keys in the clear.
 */
export class Keyring {
  readonly #registry: CustodyRegistry
  readonly #unsealed: Unsealed
  readonly #keks = new Map<string, Promise<WrappingKey>>()

  constructor(registry: CustodyRegistry, unsealed: Unsealed) {
    this.#registry = registry
    this.#unsealed = unsealed
  }

  /**
   * The key that new objects of a bucket are sealed with, and the next epoch's from 24 hours before it
   * begins. Makes what is missing.
   *
   * @returns current first; empty where the current key is suspended
   */
  async current(tenant: string, bucket: string, now: number): Promise<LeasedKey[]> {
    const rows = await this.#currentRows(tenant, bucket, now)
    const leasable = rows.filter(isLeasable)
    if (leasable[0]?.state !== 'active') return []
    return await Promise.all(leasable.map(row => this.#open(row)))
  }

  /** @returns undefined where there is no such key, it belongs to another bucket, or it may not be leased */
  async byId(tenant: string, bucket: string, id: Uint8Array): Promise<LeasedKey | undefined> {
    const row = await this.#registry
      .selectFrom('group_keys')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .where('bucket', '=', bucket)
      .executeTakeFirst()
    return row && isLeasable(row) ? await this.#open(row) : undefined
  }

  async #currentRows(tenant: string, bucket: string, now: number): Promise<GroupKeyRow[]> {
    const [epoch, soon] = [epochAt(now), epochSoon(now)]
    const inUse = await this.#inUse(tenant, bucket)
    const active = inUse.find(row => row.state === 'active')
    // A clock set back finds a later epoch active already: states never go back, so it stays.
    const currentStands = active !== undefined && active.epoch >= epoch
    const nextStands = soon === undefined || inUse.some(row => row.epoch >= soon)
    if (currentStands && nextStands) return inUse

    if (!currentStands) await this.#make(tenant, bucket, epoch, now)
    if (soon !== undefined) await this.#make(tenant, bucket, soon, now)
    await this.#registry.transaction().execute(transaction => turn(transaction, tenant, bucket, epoch))
    return await this.#inUse(tenant, bucket)
  }

  /** The bucket's active and pending keys, active first. */
  async #inUse(tenant: string, bucket: string): Promise<GroupKeyRow[]> {
    return await this.#registry
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
    const version = await this.#activeKek(tenant, now)
    const id = crypto.getRandomValues(new Uint8Array(16))
    const key = crypto.getRandomValues(new Uint8Array(32))
    const about = { id, tenant, bucket, epoch, kek_version: version }
    const wrapped = await wrap(await this.#kek(tenant, version), key, groupKeyContext(about))
    key.fill(0)
    await this.#registry
      .insertInto('group_keys')
      .values({ ...about, wrapped, state: 'pending', suspended: 0, created: now })
      .onConflict(row => row.columns(['tenant', 'bucket', 'epoch']).doNothing())
      .execute()
  }

  async #open(row: LeasableRow): Promise<LeasedKey> {
    const { id, tenant, bucket, epoch, state } = row
    const key = await unwrap(await this.#kek(tenant, row.kek_version), row.wrapped, groupKeyContext(row))
    return { id, tenant, bucket, epoch, state, key }
  }

  /** The version of the tenant's active KEK, made where the tenant has none. */
  async #activeKek(tenant: string, now: number): Promise<number> {
    const active = () =>
      this.#registry
        .selectFrom('keks')
        .select('version')
        .where('tenant', '=', tenant)
        .where('state', '=', 'active')
        .executeTakeFirst()
    const existing = await active()
    if (existing) return existing.version
    const kek = crypto.getRandomValues(new Uint8Array(32))
    const wrapped = await wrap(this.#unsealed.root, kek, this.#kekContext(tenant, 1))
    kek.fill(0)
    await this.#registry
      .insertInto('keks')
      .values({ tenant, version: 1, state: 'active', wrapped, created: now })
      .onConflict(row => row.columns(['tenant', 'version']).doNothing())
      .execute()
    return (await active())!.version
  }

  async #kek(tenant: string, version: number): Promise<WrappingKey> {
    const name = `${tenant}/${version}`
    const opening = this.#keks.get(name) ?? this.#openKek(tenant, version)
    this.#keks.set(name, opening)
    opening.catch(() => this.#keks.delete(name))
    return await opening
  }

  async #openKek(tenant: string, version: number): Promise<WrappingKey> {
    const { wrapped } = await this.#registry
      .selectFrom('keks')
      .select('wrapped')
      .where('tenant', '=', tenant)
      .where('version', '=', version)
      .executeTakeFirstOrThrow()
    return await wrappingKey(await unwrap(this.#unsealed.root, wrapped, this.#kekContext(tenant, version)))
  }

  #kekContext(tenant: string, version: number): WrapContext {
    return ['treuhand/kek/v1', this.#unsealed.custodian, tenant, version]
  }
}

/** Makes the newest key that `epoch` has reached the active one; earlier ones seal nothing any more. */
async function turn(
  db: Transaction<CustodyTables>,
  tenant: string,
  bucket: string,
  epoch: Epoch,
): Promise<void> {
  const ofBucket = db
    .updateTable('group_keys')
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
    .where('epoch', '<=', epoch)
  await ofBucket
    .set({ state: 'decrypt-only' })
    .where('epoch', '<', epoch)
    .where('state', 'in', ['active', 'pending'])
    .execute()
  await ofBucket.set({ state: 'active' }).where('epoch', '=', epoch).where('state', '=', 'pending').execute()
}

function isLeasable(row: GroupKeyRow): row is LeasableRow {
  return row.suspended === 0 && row.state !== 'destroying' && row.state !== 'destroyed'
}

function groupKeyContext(
  row: Pick<GroupKeyRow, 'tenant' | 'bucket' | 'epoch' | 'id' | 'kek_version'>,
): WrapContext {
  return ['treuhand/group-key/v1', row.tenant, row.bucket, row.epoch, row.id, row.kek_version]
}
