import { statementEntry } from '../../evidence/evidence.ts'
import { signStatement } from '../../evidence/statement.ts'
import { Unfinished } from '../approvals/ground.ts'
import { BACKUP_LIFE } from '../backup/target.ts'
import { digest, type Json } from '../canonical.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { GroupKeyRow } from '../group-key-row.ts'
import type { Kept } from '../records.ts'
import { rotateKek } from '../rotate-kek.ts'
import { barKeys, chosenKeys, type KeyChoice, overwriteKeys } from './key-states.ts'
import { lastLeaseEnd } from './lease-ends.ts'
import type { ErasureRecord } from './record.ts'

/**
 * Destroys group keys: bars them from leases, awaits the end of those that are out, overwrites the keys and gives
 * the tenant a new KEK, so that what lies about of the old wraps no longer opens. Called again it goes on where it
 * was.
 *
 * @param proposal id of the proposal
 * @returns for the log: the signed statement's digest and what was destroyed
 * @throws Unfinished while leases are out
 */
export async function destroyChosen(
  custody: Custody,
  tenant: string,
  keys: KeyChoice,
  proposal: string,
): Promise<Json> {
  const barred = await bar(custody, tenant, keys, proposal)
  const gone = barred.body.state === 'barred' ? await overwrite(custody, barred) : barred
  return gone.body.statement === '' ? await renewAndState(custody, gone) : { statement: gone.body.statement }
}

async function bar(
  custody: Custody,
  tenant: string,
  keys: KeyChoice,
  proposal: string,
): Promise<Kept<ErasureRecord>> {
  const { records, log } = custody.opened()
  const kept = await records.find<ErasureRecord>('erasure', proposal)
  if (kept) return kept
  const body: ErasureRecord = { tenant, keys, state: 'barred', destroyed: null, statement: '' }
  const record = { kind: 'erasure', id: proposal, revision: 1, body }
  const entry = { type: 'key', at: custody.now(), body: { step: 'barred', tenant, record } } as const
  await log.append(entry, async transaction => {
    await barKeys(transaction, tenant, keys)
    await records.put(transaction, 'erasure', proposal, 0, body)
  })
  custody.tellTenant(tenant)
  return { id: proposal, revision: 1, body }
}

/** @throws Unfinished while leases of these keys are out */
async function awaitLeases(custody: Custody, rows: readonly GroupKeyRow[]): Promise<void> {
  const { log, witnessing } = custody.opened()
  const ids = new Set(rows.map(({ id }) => hex(id)))
  const end = await lastLeaseEnd(custody.logStore, log.head.size, ids, custody.now())
  // The earlier of both clocks: nobody gains by setting one forward.
  if (Math.min(custody.now(), witnessing.witnessNow()) < end)
    throw new Unfinished('the keys are barred; leases of them are out', end)
}

async function overwrite(custody: Custody, barred: Kept<ErasureRecord>): Promise<Kept<ErasureRecord>> {
  const { registry } = custody
  const { log, records, witnessing } = custody.opened()
  const { tenant, keys } = barred.body
  const rows = (await chosenKeys(registry, tenant, keys)).filter(({ state }) => state === 'destroying')
  await awaitLeases(custody, rows)
  const at = witnessing.witnessNow()
  const ids = digest(rows.map(({ id }) => hex(id)).join('\n')).toString('hex')
  const exported = await wasExported(custody, tenant)
  const destroyed = { at, keys: rows.length, ids, backupsUntil: at + BACKUP_LIFE, exported }
  const body: ErasureRecord = { ...barred.body, state: 'destroyed', destroyed }
  const revision = barred.revision + 1
  const record = { kind: 'erasure', id: barred.id, revision, body }
  const entry = { type: 'erasure', at: custody.now(), body: { tenant, record } } as const
  await log.append(entry, async transaction => {
    await overwriteKeys(transaction, tenant, rows)
    await records.put(transaction, 'erasure', barred.id, barred.revision, body)
  })
  return { id: barred.id, revision, body }
}

async function renewAndState(custody: Custody, gone: Kept<ErasureRecord>): Promise<Json> {
  const { keks, log } = custody.opened()
  const { tenant } = gone.body
  const { version, destroyed, rewrapped } = await rotateKek(custody.registry, keks, tenant, custody.now())
  const rotation = { tenant, version, rewrapped, destroyed: [...destroyed], proposal: gone.id }
  await log.append({ type: 'rotation', at: custody.now(), body: rotation })
  const { statement, entry } = stated(custody, gone.body, gone.id)
  const named = digest(statement).toString('hex')
  await custody.keep('erasure', gone.id, gone, { ...gone.body, statement: named }, entry)
  return { ...gone.body.destroyed!, statement: named }
}

/**
 * Certifies that nothing is left of destroyed keys, once the last backup has expired that held them.
 *
 * @throws CustodyError `Unknown`, `AwaitsApproval` before that time
 */
export async function certifyErasure(custody: Custody, proposal: string): Promise<{ statement: string }> {
  const kept = await certifiable(custody, proposal)
  const { entry, statement } = stated(custody, { ...kept.body, state: 'erased' }, proposal)
  const body: ErasureRecord = { ...kept.body, state: 'erased', statement: digest(statement).toString('hex') }
  await custody.keep('erasure', proposal, kept, body, entry)
  return { statement }
}

/**
 * An erasure of which nothing is left.
 *
 * @throws CustodyError `Unknown`, `AwaitsApproval` while backups may hold its keys
 */
export async function certifiable(custody: Custody, proposal: string): Promise<Kept<ErasureRecord>> {
  const { records, witnessing } = custody.opened()
  const kept = await records.find<ErasureRecord>('erasure', proposal)
  if (!kept?.body.destroyed) throw new CustodyError('Unknown', 'By this proposal nothing was destroyed.')
  const { backupsUntil } = kept.body.destroyed
  if (Math.min(custody.now(), witnessing.witnessNow()) >= backupsUntil) return kept
  throw new CustodyError(
    'AwaitsApproval',
    `Backups may hold the keys until ${new Date(backupsUntil).toISOString()}: come again then.`,
  )
}

/** The signed statement of how far an erasure is, and the entry that it leaves. */
function stated(custody: Custody, { tenant, keys, state, destroyed }: ErasureRecord, proposal: string) {
  const made = custody.now()
  const body = { state, tenant, proposal, chosen: keys, ...destroyed! }
  const { log } = custody.opened()
  const statement = signStatement({ origin: custody.origin, kind: 'erasure', made, body }, log.signer)
  return { statement, entry: statementEntry(statement, 'erasure', made) }
}

async function wasExported(custody: Custody, tenant: string): Promise<boolean> {
  const row = await custody.registry.database
    .selectFrom('exports')
    .select('proposal')
    .where('tenant', '=', tenant)
    .executeTakeFirst()
  const { records } = custody.opened()
  return row !== undefined || (await records.find('deposit', tenant)) !== undefined
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
