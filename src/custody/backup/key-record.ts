import { openStatement, signStatement } from '../../evidence/statement.ts'
import type { CustodyRegistry } from '../../registry/custody/registry.ts'
import { digest, type Json } from '../canonical.ts'
import type { Context } from '../context.ts'
import { CustodyError } from '../errors.ts'
import type { GroupKeyRow } from '../group-key-row.ts'
import { openWith, sealTo } from '../hpke.ts'
import type { Signer, Verifier } from '../log/note.ts'
import { type BackupTarget, keepKeyRecord } from './target.ts'

/**
 * What a key made between two backups needs to be put back: its row, and its KEK's, both as wrapped as they
 * are in the registry.
 */
export interface KeyRecord {
  /** SHA-256 of the canary, hex: of the root that all hangs from. */
  readonly root: string
  readonly kek: { readonly version: number; readonly wrapped: Buffer; readonly created: number }
  readonly key: {
    readonly id: Buffer
    readonly tenant: string
    readonly bucket: string
    readonly epoch: string
    readonly wrapped: Buffer
    readonly created: number
  }
}

/**
 * Keeps a new group key at the target before it seals anything, sealed to the recipient and signed by the log.
 *
 * @throws CustodyError `Unreachable` where the target gives no receipt: the key does not become active then
 */
export async function secureKey(
  registry: CustodyRegistry,
  target: BackupTarget,
  row: GroupKeyRow,
  log: Signer,
  now: number,
): Promise<void> {
  const { database } = registry
  const { canary } = await database.selectFrom('seal').select('canary').executeTakeFirstOrThrow()
  const kek = await database
    .selectFrom('keks')
    .select(['version', 'wrapped', 'created'])
    .where('tenant', '=', row.tenant)
    .where('version', '=', row.kek_version)
    .executeTakeFirstOrThrow()
  const { tenant, bucket, epoch, created } = row
  const body = {
    root: rootName(canary),
    kek: { ...kek, wrapped: text(kek.wrapped) },
    key: { id: text(row.id), tenant, bucket, epoch, created, wrapped: text(row.wrapped) },
  }
  const statement = signStatement({ origin: log.name, kind: 'backup-key', made: now, body }, log)
  const sealed = await sealTo(target.recipient, Buffer.from(statement), contextOf(log.name, row.id))
  await keepKeyRecord(target.folder, row.id, sealed)
}

/**
 * @param id hex, the record's name
 * @throws CustodyError `Unverified`, `Malformed`
 */
export async function openKeyRecord(
  id: string,
  sealed: Uint8Array,
  privateKey: Uint8Array,
  log: Verifier,
): Promise<KeyRecord> {
  const name = Buffer.from(id, 'hex')
  const opened = await openWith(privateKey, sealed, contextOf(log.name, name))
  const { kind, body } = openStatement(opened.toString('utf8'), log)
  const { root, kek, key } = body as { root: Json; kek: Record<string, Json>; key: Record<string, Json> }
  if (kind !== 'backup-key' || typeof root !== 'string' || !bytes(key['id']).equals(name))
    throw new CustodyError('Malformed', `what lies under the key's name ${id} is not its record`)
  return {
    root,
    kek: { version: Number(kek['version']), wrapped: bytes(kek['wrapped']), created: Number(kek['created']) },
    key: {
      id: name,
      tenant: String(key['tenant']),
      bucket: String(key['bucket']),
      epoch: String(key['epoch']),
      wrapped: bytes(key['wrapped']),
      created: Number(key['created']),
    },
  }
}

/** Names a root by what it wrapped when it was made. */
export const rootName = (canary: Uint8Array): string => digest(canary).toString('hex')

const contextOf = (origin: string, id: Uint8Array): Context => ['treuhand/backup-key/v1', origin, id]
const text = (value: Uint8Array): string => Buffer.from(value).toString('base64url')
const bytes = (value: Json | undefined): Buffer => Buffer.from(String(value), 'base64url')
