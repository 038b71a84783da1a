import type { CustodyTransaction } from '../../registry/custody/registry.ts'
import { overwriteKeys } from '../erasure/key-states.ts'
import type { LoggedEntry } from '../log/entry.ts'

/** Does again what an entry says was done, where no record tells it: stops, and what became of keys. */
export async function redo(transaction: CustodyTransaction, entry: LoggedEntry): Promise<void> {
  const { type, at, body } = entry
  if (type === 'kill') await stop(transaction, String(body['scope']), at, String(body['reason']))
  if (type === 'outcome' && body['act'] === 'lift-kill' && body['done'] === true)
    await lift(transaction, String((body['result'] as { scope?: string }).scope))
  if (type === 'key' && body['step'] === 'suspended') await mark(transaction, entry, { suspended: 1 })
  if (type === 'key' && body['step'] === 'resumed') await mark(transaction, entry, { suspended: 0 })
  if (type === 'key' && body['step'] === 'barred') await mark(transaction, entry, { state: 'destroying' })
  if (type === 'erasure') await destroy(transaction, String(body['tenant']))
}

async function stop(
  transaction: CustodyTransaction,
  scope: string,
  since: number,
  reason: string,
): Promise<void> {
  await transaction
    .insertInto('stops')
    .values({ kind: 'killed', scope, since, reason })
    .onConflict(row => row.columns(['kind', 'scope']).doNothing())
    .execute()
}

async function lift(transaction: CustodyTransaction, scope: string): Promise<void> {
  await transaction.deleteFrom('stops').where('kind', '=', 'killed').where('scope', '=', scope).execute()
}

/** The keys that were chosen then: one that was made since, and put back before, is none of them. */
async function mark(
  transaction: CustodyTransaction,
  { at, body }: LoggedEntry,
  change: { readonly suspended: 0 | 1 } | { readonly state: 'destroying' },
): Promise<void> {
  const record = body['record'] as { readonly body: { readonly keys: readonly string[] } } | undefined
  const keys = record?.body.keys ?? (body['keys'] as readonly string[])
  const there = transaction
    .updateTable('group_keys')
    .set(change)
    .where('tenant', '=', String(body['tenant']))
    .where('created', '<=', at)
    .where('state', 'in', ['pending', 'active', 'decrypt-only'])
  const ids = keys.map(id => new Uint8Array(Buffer.from(id, 'hex')))
  await (keys[0] === '*' ? there : there.where('id', 'in', ids)).execute()
}

async function destroy(transaction: CustodyTransaction, tenant: string): Promise<void> {
  const barred = await transaction
    .selectFrom('group_keys')
    .select('id')
    .where('tenant', '=', tenant)
    .where('state', '=', 'destroying')
    .execute()
  await overwriteKeys(transaction, tenant, barred)
}
