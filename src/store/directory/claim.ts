import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect, SQLITE_BUSY, sqliteCode } from './catalog/sqlite.ts'
import { type DataFolder, DataFolderRefused } from './folder.ts'

/**
 * Claims are locks that end with their process, however it ends. Node has no such call, SQLite takes them from the
 * system (fcntl, LockFileEx): an open transaction on a small database is the claim. Nothing else in this process
 * may open these files, since POSIX locks of a process end when any of its descriptors on the file closes.
 */
export interface Claim {
  release(): void
}

/** Claims a file for this process alone; `undefined` where a living process has it. */
export function claimAlone(path: string): Claim | undefined {
  const connection = connect(path, 0)
  // No journal beside it: nothing is ever written.
  if (!attempt(connection, 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')) {
    connection.close()
    return undefined
  }
  return { release: () => connection.close() }
}

/** How long a start waits for others of its family, in milliseconds. */
const TURN = 60_000

/** Claims a file as soon as no other start holds it. */
export async function claimTurn(folder: DataFolder): Promise<Claim> {
  for (const until = performance.now() + TURN; ; await sleep(5 + Math.random() * 20)) {
    const claim = claimAlone(folder.turn)
    if (claim) return claim
    if (performance.now() > until) throw inUse(folder, 'one that has been starting for a minute')
  }
}

const ATTEMPTS = 5

/**
 * Claims the data folder for a family: the processes of one proxy, which share it. The first of them writes its
 * family's name into the lock, which needs that nobody else holds it; each keeps a shared lock while it lives.
 * @throws DataFolderRefused `in-use` while processes of another family live
 */
export async function claimFolder(folder: DataFolder, family: string = randomUUID()): Promise<Claim> {
  const connection = connect(folder.lock, 100)
  for (let left = ATTEMPTS; ; left--) {
    const holder = hold(connection)
    if (holder?.family === family) return { release: () => connection.close() }
    if (holder !== undefined) connection.exec('COMMIT')
    if (left === 0) {
      connection.close()
      throw inUse(folder, holder?.process)
    }
    if (!replaceHolder(connection, family)) await sleep(Math.random() * 50)
  }
}

/** Takes the shared lock and reads who wrote the lock last. `undefined`: nobody yet, or it is being written. */
function hold(connection: Connection): { family: string; process: string } | undefined {
  try {
    connection.exec('BEGIN')
    const made = connection.sql.get`SELECT 1 FROM sqlite_schema WHERE name = 'holder'`
    const row = made && connection.sql.get`SELECT family, process FROM holder`
    if (row) return row as { family: string; process: string }
    connection.exec('COMMIT')
  } catch (error) {
    if (sqliteCode(error) !== SQLITE_BUSY) throw error
    attempt(connection, 'ROLLBACK')
  }
  return undefined
}

function replaceHolder(connection: Connection, family: string): boolean {
  if (!attempt(connection, 'BEGIN EXCLUSIVE')) return false
  const process_ = `process ${process.pid} on ${hostname()}`
  connection.exec(
    'CREATE TABLE IF NOT EXISTS holder (family TEXT NOT NULL, process TEXT NOT NULL) STRICT; DELETE FROM holder',
  )
  connection.sql.run`INSERT INTO holder VALUES (${family}, ${process_})`
  connection.exec('COMMIT')
  return true
}

function attempt(connection: Connection, text: string): boolean {
  try {
    connection.exec(text)
    return true
  } catch (error) {
    if (text === 'ROLLBACK' || sqliteCode(error) === SQLITE_BUSY) return false
    throw error
  }
}

function inUse(folder: DataFolder, holder = 'another process'): DataFolderRefused {
  return new DataFolderRefused(
    'in-use',
    `The data folder ${folder.path} is in use by another Treuhand (${holder}): stop that one, or name another folder.`,
  )
}
