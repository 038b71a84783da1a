import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { StoreError } from '../../errors.ts'
import { TRANSACTIONS, type TransactionName } from '../transactions/all.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { Answer, Answers, Ask } from './protocol.ts'
import { connectIndex, sqliteCode } from './sqlite.ts'

/**
 * The thread that changes the index. It takes all changes that wait, makes them one SQLite transaction (a group
 * commit: one wait for the disk for all of them) and answers after COMMIT, so never before the disk has them.
 * The thread that serves clients never waits for the disk.
 */
const GROUP = 200

const port = parentPort!
const connection = connectIndex((workerData as { path: string }).path)
const { sql } = connection

port.on('message', (first: Ask | 'close') => {
  const group: Ask[] = []
  let message: Ask | 'close' | undefined = first
  while (message !== undefined && message !== 'close') {
    group.push(message)
    if (group.length === GROUP) commit(group.splice(0))
    message = receiveMessageOnPort(port)?.message as Ask | 'close' | undefined
  }
  if (group.length > 0) commit(group)
  if (message === 'close') {
    connection.close()
    port.close()
  }
})

function commit(group: readonly Ask[]): void {
  try {
    connection.exec('BEGIN IMMEDIATE')
    const before = newestGarbage()
    const answers = group.map(ask => change(ask, { sql, now: Date.now() }))
    const garbage = newestGarbage() !== before
    connection.exec('COMMIT')
    port.postMessage({ answers, garbage } satisfies Answers)
  } catch (error) {
    rollBack()
    if (group.length === 1) fail(group[0]!, error)
    else for (const ask of group) commit([ask])
  }
}

/** One change, inside a savepoint, so that one that is refused takes nothing of the others with it. */
function change(ask: Ask, tx: Transaction): Answer {
  connection.exec('SAVEPOINT change')
  try {
    const run = TRANSACTIONS[ask.name as TransactionName] as (tx: Transaction, argument: unknown) => unknown
    const result = run(tx, ask.argument)
    connection.exec('RELEASE change')
    return { id: ask.id, result }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    connection.exec('ROLLBACK TO change; RELEASE change')
    const { code, status, attributes } = error
    return { id: ask.id, refused: { code, status, attributes } }
  }
}

function newestGarbage(): number {
  return (sql.get`SELECT coalesce(max(id), 0) AS newest FROM garbage` as { newest: number }).newest
}

function rollBack(): void {
  try {
    connection.exec('ROLLBACK')
  } catch {
    // SQLite has rolled back already, or BEGIN itself failed.
  }
}

function fail(ask: Ask, error: unknown): void {
  const failed = {
    sqlite: sqliteCode(error),
    message: error instanceof Error ? error.message : String(error),
  }
  port.postMessage({ answers: [{ id: ask.id, failed }], garbage: false } satisfies Answers)
}
