import type { CustodyRegistry, CustodyTransaction } from '../../registry/custody/registry.ts'
import type { GroupKeyRow } from '../group-key-row.ts'

/** Ids of group keys in hex, or `*` alone for all that a tenant has. */
export type KeyChoice = readonly string[]

/** Keys a statement: one by one, ten thousand would hold the log's commit for seconds. */
const BATCH = 500

const isAll = (keys: KeyChoice): boolean => keys.length === 1 && keys[0] === '*'
const idsOf = (keys: KeyChoice): Uint8Array[] => keys.map(id => new Uint8Array(Buffer.from(id, 'hex')))

/** The chosen keys of a tenant that were not destroyed. A key of another tenant is none of them. */
export async function chosenKeys(
  { database }: CustodyRegistry,
  tenant: string,
  keys: KeyChoice,
): Promise<GroupKeyRow[]> {
  const ofTenant = database
    .selectFrom('group_keys')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('state', '!=', 'destroyed')
    .orderBy('id')
  return await (isAll(keys) ? ofTenant : ofTenant.where('id', 'in', idsOf(keys))).execute()
}

/** Bars the chosen keys from leases, for good: they are about to be overwritten. */
export async function barKeys(
  transaction: CustodyTransaction,
  tenant: string,
  keys: KeyChoice,
): Promise<void> {
  const ofTenant = transaction
    .updateTable('group_keys')
    .set({ state: 'destroying' })
    .where('tenant', '=', tenant)
    .where('state', '!=', 'destroyed')
  await (isAll(keys) ? ofTenant : ofTenant.where('id', 'in', idsOf(keys))).execute()
}

/** Overwrites keys that were barred, and what was sealed of them for recipients and not fetched yet. */
export async function overwriteKeys(
  transaction: CustodyTransaction,
  tenant: string,
  rows: readonly Pick<GroupKeyRow, 'id'>[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += BATCH) {
    const ids = rows.slice(from, from + BATCH).map(({ id }) => id)
    await transaction
      .updateTable('group_keys')
      .set({ state: 'destroyed', wrapped: new Uint8Array(0) })
      .where('id', 'in', ids)
      .where('state', '=', 'destroying')
      .execute()
    await transaction.deleteFrom('deposits').where('id', 'in', ids).execute()
  }
  await transaction.updateTable('exports').set({ document: '' }).where('tenant', '=', tenant).execute()
}

/** Lays `suspended` over the chosen keys, or lifts it: suspended, they are leased to nobody. */
export async function suspendKeys(
  transaction: CustodyTransaction,
  tenant: string,
  keys: KeyChoice,
  suspended: 0 | 1,
): Promise<void> {
  const ofTenant = transaction
    .updateTable('group_keys')
    .set({ suspended })
    .where('tenant', '=', tenant)
    .where('state', 'in', ['pending', 'active', 'decrypt-only'])
  await (isAll(keys) ? ofTenant : ofTenant.where('id', 'in', idsOf(keys))).execute()
}
