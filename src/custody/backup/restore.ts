import { type CopiedRow, isEmpty, putRows } from '../../registry/custody/copy.ts'
import { logRows } from '../../registry/custody/log-rows.ts'
import type { CustodyRegistry, CustodyTransaction } from '../../registry/custody/registry.ts'
import { CustodyError } from '../errors.ts'
import { putActiveKek } from '../keks.ts'
import { storedFiles } from '../log/files.ts'
import type { Verifier } from '../log/note.ts'
import { verifyLog } from '../log/verify.ts'
import { backupLines, type Manifest, readManifest } from './file.ts'
import { type KeyRecord, openKeyRecord, rootName } from './key-record.ts'
import { readRow } from './rows.ts'
import { keyRecords } from './target.ts'

export interface RestoreOptions {
  /** The backup's file. */
  readonly file: string
  /** Folder of the target, whose `keys` were made after the backup. */
  readonly folder: string
  /** X25519, 32 bytes. */
  readonly privateKey: Uint8Array
  /** The log's key, by which the backup is known to be this custodian's. */
  readonly log: Verifier
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface Restored {
  readonly manifest: Manifest
  /** Keys that were made after the backup, and were put back from their records. */
  readonly keys: number
}

/**
 * Puts a backup into an empty registry, and the keys that were made after it. The registry is `restored` then:
 * it bars unsealing unattended, and leases, until what happened after the backup was replayed or its loss accepted.
 *
 * @throws CustodyError `Conflict` where the registry holds something, `Unverified` where the backup is not what
 *   its manifest says, `Stale` where keys were made under a later root
 */
export async function restoreBackup(registry: CustodyRegistry, options: RestoreOptions): Promise<Restored> {
  const { file, privateKey, log, now } = options
  const manifest = await readManifest(file, log)
  const keys = await registry.database.transaction().execute(async transaction => {
    if (!(await isEmpty(transaction)))
      throw new CustodyError('Conflict', 'This registry is in use. Restore into a new, empty one.')
    await putRows(transaction, rows(file, manifest.origin, privateKey))
    await checkHead(transaction, manifest)
    const records = await laterKeys(transaction, options)
    for (const record of records) await putKey(transaction, record)
    await transaction.updateTable('term').set({ term: manifest.term }).execute()
    const reason = `restored from the backup of ${new Date(manifest.made).toISOString()}`
    await transaction
      .insertInto('stops')
      .values({ kind: 'restored', scope: '*', since: now, reason })
      .execute()
    return records.length
  })
  await verifyStored(registry, log)
  return { manifest, keys }
}

/** Every leaf and tile against the signed head. @throws CustodyError `Unverified` */
export async function verifyStored(registry: CustodyRegistry, log: Verifier): Promise<void> {
  const store = logRows(registry, log.name)
  const files = storedFiles(store)
  const head = Buffer.from((await store.head())!)
  const read = async (path: string) => (path === 'checkpoint' ? head : await files.read(path))
  await verifyLog({ read }, { log })
}

async function* rows(file: string, origin: string, privateKey: Uint8Array): AsyncGenerator<CopiedRow> {
  for await (const line of backupLines(file, origin, privateKey)) yield readRow(line)
}

async function checkHead(transaction: CustodyTransaction, { origin, size }: Manifest): Promise<void> {
  const head = await transaction
    .selectFrom('log_heads')
    .select('size')
    .where('origin', '=', origin)
    .executeTakeFirst()
  if (head?.size !== size)
    throw new CustodyError('Unverified', 'the backup holds another log than its manifest says')
}

/** Records of keys that the backup lacks. */
async function laterKeys(
  transaction: CustodyTransaction,
  { folder, privateKey, log }: RestoreOptions,
): Promise<KeyRecord[]> {
  const { canary } = await transaction.selectFrom('seal').select('canary').executeTakeFirstOrThrow()
  const records: KeyRecord[] = []
  for await (const { id, sealed } of keyRecords(folder)) {
    const there = await transaction
      .selectFrom('group_keys')
      .select('id')
      .where('id', '=', Buffer.from(id, 'hex'))
      .executeTakeFirst()
    if (there) continue
    const record = await openKeyRecord(id, sealed, privateKey, log)
    if (record.root !== rootName(canary))
      throw new CustodyError(
        'Stale',
        `The key ${id} was made under another root than this backup's. Restore the backup that followed the change of the root.`,
      )
    records.push(record)
  }
  return records.sort((a, b) => a.kek.version - b.kek.version || (a.key.epoch < b.key.epoch ? -1 : 1))
}

/** The key may have sealed objects already, so it is put back as the one in use. */
async function putKey(transaction: CustodyTransaction, { kek, key }: KeyRecord): Promise<void> {
  const { tenant, bucket } = key
  const newest = await transaction
    .selectFrom('keks')
    .select('version')
    .where('tenant', '=', tenant)
    .orderBy('version', 'desc')
    .executeTakeFirst()
  if (kek.version > (newest?.version ?? 0)) await putActiveKek(transaction, { tenant, ...kek })
  const inUse = transaction
    .updateTable('group_keys')
    .where('tenant', '=', tenant)
    .where('bucket', '=', bucket)
  await inUse.set({ state: 'decrypt-only' }).where('state', '=', 'active').execute()
  await transaction
    .insertInto('group_keys')
    .values({ ...key, state: 'active', suspended: 0, kek_version: kek.version })
    .execute()
}
