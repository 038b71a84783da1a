import type { CustodyTransaction } from '../../registry/custody/registry.ts'
import type { Custody } from '../custody.ts'
import { kekContext } from '../keks.ts'
import type { SealKind, SealRecord } from '../roots/root.ts'
import { secretContext } from '../secrets.ts'
import { testWrappingKey } from '../self-test.ts'
import { makeCanary, type Unsealed } from '../unseal.ts'
import { unwrap, type WrapContext, type WrappingKey, wrap } from '../wrap.ts'

/** A root that is to take the place of the one in force. */
export interface NextRoot {
  readonly kind: SealKind
  readonly root: WrappingKey
  readonly record: SealRecord
  /** Name of the proposal that allows it. */
  readonly proposal: string
}

/**
 * Puts a new root in the place of the old: every KEK and each of the custodian's own keys is wrapped anew, and
 * the new seal written, in the commit in which the log says so. Group keys and objects are not touched. The old
 * root opens nothing of this registry any more; backups of before it still does.
 */
export async function changeRoot(custody: Custody, next: NextRoot): Promise<void> {
  await testWrappingKey(next.root)
  const { keks, log } = custody.opened()
  await keks.changeRoot(async old => {
    const { custodian } = old
    const canary = await makeCanary(next.root, custodian)
    const renewed: Unsealed = { custodian, root: next.root, canary }
    const body = { step: 'root-changed', seal: next.kind, proposal: next.proposal }
    await log.append({ type: 'ceremony', at: custody.now(), body }, async transaction => {
      await rewrapSecrets(transaction, old, renewed)
      await rewrapKeks(transaction, old, renewed)
      const record = JSON.stringify({ ...next.record, proposal: next.proposal })
      await transaction.updateTable('seal').set({ kind: next.kind, record, canary }).execute()
      await transaction.deleteFrom('ceremony').execute()
    })
    return renewed
  })
}

async function rewrapSecrets(transaction: CustodyTransaction, old: Unsealed, next: Unsealed): Promise<void> {
  for (const { name, wrapped } of await transaction
    .selectFrom('secrets')
    .select(['name', 'wrapped'])
    .execute()) {
    const renewed = await rewrapped(wrapped, old, next, secretContext(old.custodian, name))
    await transaction.updateTable('secrets').set({ wrapped: renewed }).where('name', '=', name).execute()
  }
}

async function rewrapKeks(transaction: CustodyTransaction, old: Unsealed, next: Unsealed): Promise<void> {
  const rows = await transaction
    .selectFrom('keks')
    .select(['tenant', 'version', 'wrapped'])
    .where('state', '!=', 'destroyed')
    .execute()
  for (const { tenant, version, wrapped } of rows) {
    const renewed = await rewrapped(wrapped, old, next, kekContext(old.custodian, tenant, version))
    await transaction
      .updateTable('keks')
      .set({ wrapped: renewed })
      .where('tenant', '=', tenant)
      .where('version', '=', version)
      .execute()
  }
}

async function rewrapped(
  wrapped: Uint8Array,
  old: Unsealed,
  next: Unsealed,
  context: WrapContext,
): Promise<Uint8Array> {
  const key = await unwrap(old.root, wrapped, context)
  try {
    return await wrap(next.root, key, context)
  } finally {
    key.fill(0)
  }
}
