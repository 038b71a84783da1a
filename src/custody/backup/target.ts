import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digest } from '../canonical.ts'
import { CustodyError } from '../errors.ts'

/** Where backups go, and to whom they are sealed. */
export interface BackupTarget {
  /** A folder on other storage than the registry's: another machine's disk, mounted here. */
  readonly folder: string
  /** X25519, 32 bytes; its private half is away from the custodian. */
  readonly recipient: Uint8Array
}

/** After so long nothing is restored from a backup, and what was destroyed since is gone from all of them. */
export const BACKUP_LIFE = 35 * 24 * 3_600_000

const BACKUP_NAME = /^(\d{13})-(\d+)\.backup$/
const KEYS = 'keys'

export const backupPath = ({ folder }: BackupTarget, made: number, size: number): string =>
  join(folder, `${String(made).padStart(13, '0')}-${size}.backup`)
export const keyPath = (folder: string, id: Uint8Array): string =>
  join(folder, KEYS, Buffer.from(id).toString('hex'))

/** Milliseconds since 1970 of the newest backup in the folder; undefined where there is none. */
export async function lastBackup({ folder }: BackupTarget): Promise<number | undefined> {
  const times = (await names(folder)).flatMap(name => Number(BACKUP_NAME.exec(name)?.[1] ?? Number.NaN))
  const known = times.filter(Number.isFinite)
  return known.length === 0 ? undefined : Math.max(...known)
}

/**
 * Puts a key's record at the target. The receipt is what the target gives back when it is asked: the same bytes.
 *
 * @throws CustodyError `Unreachable` where the target is away or gives back something else
 */
export async function keepKeyRecord(folder: string, id: Uint8Array, sealed: Uint8Array): Promise<void> {
  const path = keyPath(folder, id)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const draft = `${path}.${randomUUID()}`
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(sealed)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    if (digest(await readFile(path)).equals(digest(sealed))) return
  } catch (error) {
    throw unreachable(folder, (error as NodeJS.ErrnoException).code)
  }
  throw unreachable(folder, 'it gave back other bytes')
}

/** The key records of a folder, sealed, in no order. */
export async function* keyRecords(
  folder: string,
): AsyncGenerator<{ readonly id: string; readonly sealed: Buffer }> {
  for (const id of await names(join(folder, KEYS)))
    if (/^[0-9a-f]{32}$/.test(id)) yield { id, sealed: await readFile(join(folder, KEYS, id)) }
}

/**
 * Removes what nothing is restored from any more, behind a backup that was just made: it holds every key that the
 * older files hold.
 */
export async function expireBackups({ folder }: BackupTarget, now: number): Promise<void> {
  const oldest = now - BACKUP_LIFE
  for (const name of await names(folder))
    if (Number(BACKUP_NAME.exec(name)?.[1] ?? now) < oldest) await unlink(join(folder, name))
  for (const name of await names(join(folder, KEYS))) {
    const path = join(folder, KEYS, name)
    if ((await stat(path)).mtimeMs < oldest) await unlink(path)
  }
}

export function unreachable(folder: string, why = 'no reason given'): CustodyError {
  return new CustodyError(
    'Unreachable',
    `The backup folder ${folder} cannot be written (${why}). Mount it, or make room.`,
  )
}

async function names(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw unreachable(folder, error.code)
  })
}
