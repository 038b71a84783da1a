import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SCHEMA } from './catalog/schema.ts'
import { connectIndex } from './catalog/sqlite.ts'
import { hasCode, syncFolder } from './payload/disk.ts'

/** The layout that this program reads and writes. Any change of schema, paths or names raises it. */
const LAYOUT = 2
const STAMP = `treuhand directory store, layout ${LAYOUT}\n`

/** Why a data folder was refused. `message` says what to do about it. */
export class DataFolderRefused extends Error {
  override readonly name = 'DataFolderRefused'
  readonly code: 'other-layout' | 'not-a-store' | 'in-use' | 'unusable'

  constructor(code: DataFolderRefused['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** The places in a data folder. */
export interface DataFolder {
  readonly path: string
  /** The stamp: a text file with the layout's number, written last of all when the folder is made. */
  readonly version: string
  /** Held by every process of the one proxy that uses the folder. */
  readonly lock: string
  /** Held by the process that is just opening the folder. */
  readonly turn: string
  /** A claim a process. */
  readonly sessions: string
  readonly index: string
  readonly payload: string
}

function placesIn(path: string): DataFolder {
  return {
    path,
    version: join(path, 'VERSION'),
    lock: join(path, 'lock'),
    turn: join(path, 'turn'),
    sessions: join(path, 'sessions'),
    index: join(path, 'index.sqlite'),
    payload: join(path, 'payload'),
  }
}

/**
 * Finds a data folder, or begins one where there is nothing yet. Only what is this layout's is touched.
 * @throws DataFolderRefused
 */
export async function findFolder(path: string): Promise<DataFolder> {
  const folder = placesIn(path)
  try {
    const stamp = await readStamp(folder)
    if (stamp === undefined) await beginFolder(folder)
    else if (stamp !== STAMP) throw otherLayout(path, stamp)
  } catch (error) {
    if (error instanceof DataFolderRefused) throw error
    const reason = (error as Error).message
    throw new DataFolderRefused(
      'unusable',
      `The data folder ${path} cannot be used (${reason}): make it a folder that this user may write.`,
      error,
    )
  }
  return folder
}

async function readStamp(folder: DataFolder): Promise<string | undefined> {
  try {
    return (await readFile(folder.version, 'utf8')).slice(0, 200)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function otherLayout(path: string, stamp: string): DataFolderRefused {
  const found = /^treuhand directory store, layout (\d+)\n$/.exec(stamp)?.[1]
  return found === undefined
    ? new DataFolderRefused(
        'not-a-store',
        `The folder ${path} holds something else than Treuhand's data: name an empty folder.`,
      )
    : new DataFolderRefused(
        'other-layout',
        `The data folder ${path} has layout ${found}, this program reads layout ${LAYOUT}: start the release that wrote it, or name an empty folder.`,
      )
}

/** What a start that was cut off may have left; anything else is not ours to build on. */
const OWN =
  /^(VERSION\.[0-9a-f-]+|lock|lock-journal|turn|sessions|payload|index\.sqlite(-wal|-shm|-journal)?)$/

async function beginFolder(folder: DataFolder): Promise<void> {
  await mkdir(folder.path, { recursive: true, mode: 0o700 })
  const strange = (await readdir(folder.path)).find(name => !OWN.test(name))
  if (strange !== undefined)
    throw new DataFolderRefused(
      'not-a-store',
      `The folder ${folder.path} holds ${strange}, which is not Treuhand's: name an empty folder.`,
    )
  await mkdir(folder.sessions, { recursive: true, mode: 0o700 })
  await mkdir(folder.payload, { recursive: true, mode: 0o700 })
}

/** Makes the index and stamps the folder. Processes do so one after the other. */
export async function completeFolder(folder: DataFolder): Promise<void> {
  if (await exists(folder.version)) return
  // SQLite gives the files beside it the index's mode.
  await writeFile(folder.index, '', { flag: 'wx', mode: 0o600 }).catch(() => {})
  const connection = connectIndex(folder.index)
  try {
    connection.exec('BEGIN IMMEDIATE')
    const made = connection.sql.get`SELECT 1 FROM sqlite_schema WHERE name = 'bucket'`
    if (!made) connection.exec(SCHEMA)
    connection.exec('COMMIT')
  } finally {
    connection.close()
  }
  const unnamed = `${folder.version}.${randomUUID()}`
  const stamp = await open(unnamed, 'w', 0o600)
  await stamp.writeFile(STAMP)
  await stamp.sync()
  await stamp.close()
  await rename(unnamed, folder.version)
  await syncFolder(folder.path)
  await syncFolder(join(folder.path, '..'))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
