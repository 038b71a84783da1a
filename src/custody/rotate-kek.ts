import type { CustodyRegistry } from '../registry/custody/registry.ts'
import { type GroupKeyRow, groupKeyContext } from './group-key-row.ts'
import type { Keks } from './keks.ts'
import { unwrap, wrap } from './wrap.ts'

/** Rows that one transaction rewraps. */
const BATCH = 500

export interface KekRotation {
  /** The KEK version that wraps the tenant's group keys now. */
  readonly version: number
  readonly rewrapped: number
  /** Versions that were overwritten, as they wrap nothing any more. */
  readonly destroyed: readonly number[]
}

/**
 * Gives a tenant a new KEK, rewraps its group keys and overwrites the old one. No object is touched, and
 * leases go on. When it is cut off, calling `rewrap` finishes it.
 */
export async function rotateKek(
  registry: CustodyRegistry,
  keks: Keks,
  tenant: string,
  now: number,
): Promise<KekRotation> {
  await keks.advance(tenant, now)
  return await rewrap(registry, keks, tenant, now)
}

/** Brings every group key of a tenant under its active KEK. */
export async function rewrap(
  registry: CustodyRegistry,
  keks: Keks,
  tenant: string,
  now: number,
): Promise<KekRotation> {
  const version = await keks.active(tenant, now)
  let rewrapped = 0
  for (;;) {
    const rows = await underOldKeks(registry, tenant, version)
    if (rows.length === 0) break
    const renewed = await Promise.all(rows.map(row => rewrapRow(keks, row, version)))
    await registry.write(async transaction => {
      await transaction
        .insertInto('group_keys')
        .values(renewed)
        .onConflict(row =>
          row
            .column('id')
            .doUpdateSet(({ ref }) => ({
              kek_version: ref('excluded.kek_version'),
              wrapped: ref('excluded.wrapped'),
            }))
            // What was destroyed since it was read stays so.
            .where('group_keys.state', '!=', 'destroyed'),
        )
        .execute()
    })
    rewrapped += rows.length
  }
  return { version, rewrapped, destroyed: await keks.destroyUnused(tenant) }
}

async function rewrapRow(keks: Keks, row: GroupKeyRow, version: number): Promise<GroupKeyRow> {
  const key = await unwrap(await keks.open(row.tenant, row.kek_version), row.wrapped, groupKeyContext(row))
  try {
    const renewed = { ...row, kek_version: version }
    return {
      ...renewed,
      wrapped: await wrap(await keks.open(row.tenant, version), key, groupKeyContext(renewed)),
    }
  } finally {
    key.fill(0)
  }
}

async function underOldKeks(
  registry: CustodyRegistry,
  tenant: string,
  version: number,
): Promise<GroupKeyRow[]> {
  return await registry.database
    .selectFrom('group_keys')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('kek_version', '!=', version)
    .where('state', '!=', 'destroyed')
    .limit(BATCH)
    .execute()
}
