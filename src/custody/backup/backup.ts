import { constants, existsSync } from 'node:fs'
import { access, mkdir, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sql } from 'kysely'
import { signStatement } from '../../evidence/statement.ts'
import { copiedRows } from '../../registry/custody/copy.ts'
import type { CustodyTransaction } from '../../registry/custody/registry.ts'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import { openCheckpoint } from '../log/checkpoint.ts'
import type { Signer } from '../log/note.ts'
import { type Manifest, readManifest, writeBackupFile } from './file.ts'
import { writeRow } from './rows.ts'
import { type BackupTarget, backupPath, expireBackups, unreachable } from './target.ts'

export interface MadeBackup {
  readonly file: string
  readonly manifest: Manifest
}

/**
 * Backs the registry up, all of it at one moment, and reads back what was written. The log says that it was.
 *
 * @param by fingerprint or token of whoever asked for it
 * @throws CustodyError `Refused` where there is no target, `Unreachable` where it is away
 */
export async function makeBackup(
  custody: Custody,
  target: BackupTarget | undefined,
  by: string,
): Promise<MadeBackup> {
  if (!target) throw noTarget()
  const { log } = custody.opened()
  const made = custody.now()
  const draft = `${backupPath(target, made, 0)}.draft`
  await mkdir(target.folder, { recursive: true, mode: 0o700 }).catch(error => {
    throw unreachable(target.folder, error.code)
  })
  try {
    await custody.registry.snapshot(transaction =>
      writeSnapshot(transaction, draft, target, log.signer, made),
    )
    const manifest = await readManifest(draft, log.verifier)
    const file = backupPath(target, made, manifest.size)
    await rename(draft, file)
    const { digest, size, root } = manifest
    await custody.record({ type: 'backup', at: custody.now(), body: { digest, size, root, by } })
    await expireBackups(target, made)
    return { file, manifest }
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    const { code } = error as NodeJS.ErrnoException
    throw error instanceof CustodyError || !code?.startsWith('E') ? error : unreachable(target.folder, code)
  }
}

/** What must hold before a backup. @throws CustodyError `Refused`, `Unreachable` */
export async function assertWritable(target: BackupTarget | undefined): Promise<void> {
  if (!target) throw noTarget()
  // The folder is made by the first backup, in one that must be there.
  const place = existsSync(target.folder) ? target.folder : dirname(target.folder)
  await access(place, constants.W_OK).catch(error => {
    throw unreachable(target.folder, error.code)
  })
}

async function writeSnapshot(
  transaction: CustodyTransaction,
  file: string,
  target: BackupTarget,
  log: Signer,
  made: number,
): Promise<void> {
  const { head } = await transaction
    .selectFrom('log_heads')
    .select('head')
    .where('origin', '=', log.name)
    .executeTakeFirstOrThrow()
  const { size, root } = openCheckpoint(head, log)
  const { term } = await transaction.selectFrom('term').select('term').executeTakeFirstOrThrow()
  const about = { schema: await schemaOf(transaction), term, size, root: root.toString('base64') }
  const origin = log.name
  await writeBackupFile(file, origin, target.recipient, lines(transaction), digest =>
    signStatement({ origin, kind: 'backup', made, body: { ...about, digest } }, log),
  )
}

async function* lines(transaction: CustodyTransaction): AsyncGenerator<string> {
  for await (const row of copiedRows(transaction)) yield writeRow(row)
}

async function schemaOf(transaction: CustodyTransaction): Promise<number> {
  const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(transaction)
  return rows[0]!.version
}

function noTarget(): CustodyError {
  return new CustodyError(
    'Refused',
    'This custodian has no backup target. Give its configuration one: backup.folder and backup.recipient.',
  )
}
