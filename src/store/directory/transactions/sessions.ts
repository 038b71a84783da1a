import { nextId, type Transaction } from './transaction.ts'

/** Registers a process by the claim that it holds. Returns the session's id. */
export function enterSession({ sql }: Transaction, { claim }: { claim: string }): number {
  const id = nextId(sql)
  sql.run`INSERT INTO session (id, claim) VALUES (${id}, ${claim})`
  return id
}

/** Ends a session whose process has gone, once nothing that it left unpublished lies on the disk. */
export function endSession({ sql }: Transaction, { session }: { session: number }): void {
  sql.run`DELETE FROM block WHERE session = ${session}`
  sql.run`DELETE FROM pin WHERE session = ${session}`
  sql.run`DELETE FROM session WHERE id = ${session}`
}

/** Sets a block of file numbers aside for a session. Blocks are never given twice. */
export function reserveBlock({ sql }: Transaction, { session }: { session: number }): number {
  const row = sql.get`UPDATE block_sequence SET value = value + 1 RETURNING value - 1 AS number`
  const { number } = row as { number: number }
  sql.run`INSERT INTO block (number, session) VALUES (${number}, ${session})`
  return number
}

/** Every file of the block is named by a piece, or gone. */
export function releaseBlock({ sql }: Transaction, { number }: { number: number }): void {
  sql.run`DELETE FROM block WHERE number = ${number}`
}

/** What becomes garbage from now on stays on the disk until `unpin`. */
export function pin({ sql }: Transaction, { session }: { session: number }): number {
  const id = nextId(sql)
  sql.run`INSERT INTO pin (id, session) VALUES (${id}, ${session})`
  return id
}

export function unpin({ sql }: Transaction, { id }: { id: number }): void {
  sql.run`DELETE FROM pin WHERE id = ${id}`
}

/** These files are gone from the disk. */
export function forgetGarbage({ sql }: Transaction, { garbage }: { garbage: readonly number[] }): void {
  for (const id of garbage) sql.run`DELETE FROM garbage WHERE id = ${id}`
}
