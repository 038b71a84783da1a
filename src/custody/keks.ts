import type { Insertable } from 'kysely'
import type { CustodyRegistry, CustodyTransaction } from '../registry/custody/registry.ts'
import type { KekTable } from '../registry/custody/schema.ts'
import { CustodyError } from './errors.ts'
import type { Unsealed } from './unseal.ts'
import { unwrap, type WrapContext, type WrappingKey, wrap, wrappingKey } from './wrap.ts'

/** The tenants' KEKs: wrapped by the root in the registry, opened as handles that nothing can extract. */
export class Keks {
  readonly #registry: CustodyRegistry
  #unsealed: Unsealed
  #changing: Promise<unknown> = Promise.resolve()
  readonly #opened = new Map<string, Promise<WrappingKey>>()

  constructor(registry: CustodyRegistry, unsealed: Unsealed) {
    this.#registry = registry
    this.#unsealed = unsealed
  }

  /** The version of the tenant's active KEK; made where the tenant has none. */
  async active(tenant: string, now: number): Promise<number> {
    return (await this.#activeVersion(tenant)) ?? (await this.#make(tenant, 1, now))
  }

  /** Makes the tenant's next KEK the active one. The retired one still unwraps. */
  async advance(tenant: string, now: number): Promise<number> {
    return await this.#make(tenant, (await this.active(tenant, now)) + 1, now)
  }

  /**
   * Changes the root that wraps the KEKs. What opens or makes one meanwhile waits.
   *
   * @param change wraps everything anew, or nothing; gets the old root and gives the new one
   */
  async changeRoot(change: (old: Unsealed) => Promise<Unsealed>): Promise<void> {
    const changed = this.#changing.then(async () => {
      this.#unsealed = await change(this.#unsealed)
    })
    this.#changing = changed.catch(() => undefined)
    await changed
  }

  /** When the tenant was last given a new KEK, in milliseconds since 1970; 0 where it has its first. */
  async rotatedAt(tenant: string): Promise<number> {
    const row = await this.#registry.database
      .selectFrom('keks')
      .select('created')
      .where('tenant', '=', tenant)
      .where('version', '>', 1)
      .orderBy('version', 'desc')
      .executeTakeFirst()
    return row?.created ?? 0
  }

  async open(tenant: string, version: number): Promise<WrappingKey> {
    const name = `${tenant}/${version}`
    const opening = this.#opened.get(name) ?? this.#openFromRegistry(tenant, version)
    this.#opened.set(name, opening)
    opening.catch(() => this.#opened.delete(name))
    return await opening
  }

  /**
   * Overwrites the tenant's retired KEKs that wrap nothing any more.
   *
   * @returns the versions that were destroyed
   */
  async destroyUnused(tenant: string): Promise<number[]> {
    const gone = await this.#registry.write(async transaction => {
      return await transaction
        .updateTable('keks')
        .set({ state: 'destroyed', wrapped: new Uint8Array(0) })
        .where('tenant', '=', tenant)
        .where('state', '=', 'retired')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('group_keys')
                .select('id')
                .whereRef('group_keys.tenant', '=', 'keks.tenant')
                .whereRef('group_keys.kek_version', '=', 'keks.version')
                .where('group_keys.state', '!=', 'destroyed'),
            ),
          ),
        )
        .returning('version')
        .execute()
    })
    for (const { version } of gone) this.#opened.delete(`${tenant}/${version}`)
    return gone.map(({ version }) => version)
  }

  async #activeVersion(tenant: string): Promise<number | undefined> {
    const row = await this.#registry.database
      .selectFrom('keks')
      .select('version')
      .where('tenant', '=', tenant)
      .where('state', '=', 'active')
      .executeTakeFirst()
    return row?.version
  }

  /** Whoever comes second takes the first one's row: a version is unique. */
  async #make(tenant: string, version: number, now: number): Promise<number> {
    await this.#changing
    const { root, custodian, canary } = this.#unsealed
    const kek = crypto.getRandomValues(new Uint8Array(32))
    const wrapped = await wrap(root, kek, kekContext(custodian, tenant, version))
    kek.fill(0)
    await this.#registry.write(async transaction => {
      // A KEK under a root that has just been replaced would open for nobody.
      const seal = await transaction.selectFrom('seal').select('canary').executeTakeFirstOrThrow()
      if (!Buffer.from(seal.canary).equals(canary))
        throw new CustodyError('Conflict', 'The root was changed meanwhile. Ask again.')
      const there = await transaction
        .selectFrom('keks')
        .select('version')
        .where('tenant', '=', tenant)
        .where('version', '>=', version)
        .executeTakeFirst()
      if (there) return
      await putActiveKek(transaction, { tenant, version, wrapped, created: now })
    })
    return (await this.#activeVersion(tenant))!
  }

  async #openFromRegistry(tenant: string, version: number): Promise<WrappingKey> {
    await this.#changing
    const by = this.#unsealed
    const { wrapped } = await this.#registry.database
      .selectFrom('keks')
      .select('wrapped')
      .where('tenant', '=', tenant)
      .where('version', '=', version)
      .executeTakeFirstOrThrow()
    try {
      return await wrappingKey(await unwrap(by.root, wrapped, kekContext(by.custodian, tenant, version)))
    } catch (error) {
      // The root may have been changed between our reading it and the row.
      await this.#changing
      if (by === this.#unsealed) throw error
      return await this.#openFromRegistry(tenant, version)
    }
  }
}

export function kekContext(custodian: Uint8Array, tenant: string, version: number): WrapContext {
  return ['treuhand/kek/v1', custodian, tenant, version]
}

/** Keeps a KEK as its tenant's active one, and retires the one before. */
export async function putActiveKek(
  transaction: CustodyTransaction,
  kek: Omit<Insertable<KekTable>, 'state'>,
): Promise<void> {
  await transaction
    .updateTable('keks')
    .set({ state: 'retired' })
    .where('tenant', '=', kek.tenant)
    .where('state', '=', 'active')
    .execute()
  await transaction
    .insertInto('keks')
    .values({ ...kek, state: 'active' })
    .execute()
}
