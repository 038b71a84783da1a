import { digest } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { GroupKeyRow } from '../group-key-row.ts'
import type { TenantRecord } from '../people.ts'
import { type SealedKey, sealKey, writeKeyExport } from './key-export.ts'

/**
 * Seals group keys to a recipient, signs the export and keeps it, once a proposal, by one commit with the entry
 * that names its digest: nobody is given it before the log says so.
 *
 * @param recipient X25519, 32 bytes in base64url
 * @returns how many keys it holds
 */
export async function keepExport(
  custody: Custody,
  tenant: string,
  rows: readonly GroupKeyRow[],
  recipient: string,
  proposal: string,
): Promise<{ readonly keys: number; readonly digest: string }> {
  const { records, log } = custody.opened(tenant)
  const split = ((await records.find<TenantRecord>('tenant', tenant))?.body.split ?? false) !== false
  const keys = await sealRows(custody, tenant, rows, Buffer.from(recipient, 'base64url'))
  const made = custody.now()
  const document = writeKeyExport(
    { origin: custody.origin, made, tenant, split, proposal, recipient, keys },
    log.signer,
  )
  const about = { keys: keys.length, digest: digest(document).toString('hex') }
  const body = { ...about, proposal, tenant, recipient }
  await log.append({ type: 'export', at: made, body }, async transaction => {
    await transaction.insertInto('exports').values({ proposal, tenant, document, made }).execute()
  })
  return about
}

/** Keys that are open at once while they are sealed: enough for a machine's cores, few enough for its memory. */
const AT_ONCE = 16

async function sealRows(
  custody: Custody,
  tenant: string,
  rows: readonly GroupKeyRow[],
  recipient: Uint8Array,
): Promise<SealedKey[]> {
  const { groupKeys } = custody.opened(tenant)
  const sealed = async (row: GroupKeyRow) => {
    const { key } = await groupKeys.open(row)
    try {
      return await sealKey(custody.origin, tenant, row, key, recipient)
    } finally {
      key.fill(0)
    }
  }
  const keys: SealedKey[] = []
  for (let from = 0; from < rows.length; from += AT_ONCE)
    keys.push(...(await Promise.all(rows.slice(from, from + AT_ONCE).map(sealed))))
  return keys
}

/** @returns the export that a proposal made; undefined where it made none */
export async function exportOf(custody: Custody, proposal: string): Promise<string | undefined> {
  const row = await custody.registry.database
    .selectFrom('exports')
    .select('document')
    .where('proposal', '=', proposal)
    .executeTakeFirst()
  return row?.document
}

/**
 * Hands out an export. It opens for its recipient alone.
 *
 * @throws CustodyError `Unknown`
 */
export async function fetchExport(custody: Custody, proposal: string): Promise<{ readonly export: string }> {
  custody.opened()
  const document = await exportOf(custody, proposal)
  if (document) return { export: document }
  throw new CustodyError('Unknown', 'This proposal made no export, or what it exported was destroyed since.')
}
