import { digest } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { GroupKeyRow } from '../group-key-row.ts'
import type { DepositRecord, TenantRecord } from '../people.ts'
import { depositing } from './depositing.ts'
import { writeKeyExport } from './key-export.ts'

/** Deposits those of a tenant's keys that were made before there was anybody to deposit them with. */
export async function completeDeposit(custody: Custody, tenant: string, recipient: string): Promise<number> {
  const { groupKeys, records } = custody.opened(tenant)
  const deposit = depositing(records, custody.origin)
  const there = new Set((await depositedWith(custody, tenant, recipient)).map(({ id }) => hex(id)))
  const missing = (await groupKeys.held(tenant, ['*'], ['*'])).filter(({ id }) => !there.has(hex(id)))
  for (const row of missing) {
    const { key } = await groupKeys.open(row)
    const made = await deposit(row, key).finally(() => key.fill(0))
    if (!made) continue
    await custody.registry.write(transaction =>
      transaction
        .insertInto('deposits')
        .values(made)
        .onConflict(one => one.column('id').doUpdateSet({ recipient: made.recipient, sealed: made.sealed }))
        .execute(),
    )
  }
  return missing.length
}

/**
 * What is deposited of a tenant's keys, signed, for the customer to keep apart from the trustee. It opens for the
 * holder of the offline key alone.
 *
 * @param by fingerprint of whoever fetches it
 * @throws CustodyError `Unknown` where the tenant deposits with nobody
 */
export async function fetchDeposit(
  custody: Custody,
  tenant: string,
  by: string,
): Promise<{ readonly export: string }> {
  const { records, groupKeys, log } = custody.opened(tenant)
  const recipient = await depositedTo(custody, tenant)
  await completeDeposit(custody, tenant, recipient)
  const split = ((await records.find<TenantRecord>('tenant', tenant))?.body.split ?? false) !== false
  const sealed = new Map(
    (await depositedWith(custody, tenant, recipient)).map(row => [hex(row.id), row.sealed]),
  )
  const keys = (await groupKeys.held(tenant, ['*'], ['*'])).flatMap(row => exported(row, sealed))
  const made = custody.now()
  const document = writeKeyExport(
    { origin: custody.origin, made, tenant, split, proposal: null, recipient, keys },
    log.signer,
  )
  const about = { deposit: true, tenant, recipient, by, keys: keys.length }
  const body = { ...about, digest: digest(document).toString('hex') }
  await log.append({ type: 'export', at: made, body })
  return { export: document }
}

/** Whose offline key a tenant's keys are sealed to. @throws CustodyError `Unknown` where there is none */
export async function depositedTo(custody: Custody, tenant: string): Promise<string> {
  const { records } = custody.opened(tenant)
  const recipient = (await records.find<DepositRecord>('deposit', tenant))?.body.recipient
  if (recipient) return recipient
  throw new CustodyError('Unknown', `Tenant ${tenant} deposits its keys with nobody.`)
}

function exported({ id, bucket, epoch }: GroupKeyRow, deposited: ReadonlyMap<string, string>) {
  const sealed = deposited.get(hex(id))
  return sealed === undefined ? [] : [{ id: hex(id), bucket, epoch, sealed }]
}

async function depositedWith({ registry }: Custody, tenant: string, recipient: string) {
  return await registry.database
    .selectFrom('deposits')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('recipient', '=', recipient)
    .execute()
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
