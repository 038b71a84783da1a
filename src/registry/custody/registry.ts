import { sql, type Transaction } from 'kysely'
import type { CustodyDatabase, CustodyTables } from './schema.ts'

export type CustodyTransaction = Transaction<CustodyTables>

/** The custody registry, as the one process that may write to it has it open. */
export interface CustodyRegistry {
  /** For reading; writes go through `write`. */
  readonly database: CustodyDatabase
  /**
   * Makes this process the active one over this registry, and begins a new term.
   *
   * @param whenInUse hears once that another process is active; then it waits until that one is gone
   * @throws RegistryInUse where another is active and nobody wants to wait
   */
  activate(whenInUse?: () => void): Promise<void>
  /** Hears once that another process took over, or may have. */
  onDeposed(listener: () => void): void
  /**
   * Runs writes in one transaction, durable when it resolves.
   *
   * @throws Deposed when another process began a later term
   */
  write<T>(act: (transaction: CustodyTransaction) => Promise<T>): Promise<T>
  /** Runs reads that all see the registry at one moment. */
  snapshot<T>(read: (transaction: CustodyTransaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Another process holds this registry: one custodian is active at a time. */
export class RegistryInUse extends Error {
  override readonly name = 'RegistryInUse'

  constructor(file: string) {
    super(`The custody registry ${file} is in use by another process. Stop that one first.`)
  }
}

/** This process is not, or no longer, the active custodian: what it wanted to write was not written. */
export class Deposed extends Error {
  override readonly name = 'Deposed'

  constructor() {
    super('Another custodian is active over this registry. Ask that one.')
  }
}

/** Begins a term that is later than every one before. */
export async function beginTerm(database: CustodyDatabase): Promise<number> {
  const row = await database
    .updateTable('term')
    .set(term => ({ term: term('term', '+', 1) }))
    .returning('term')
    .executeTakeFirstOrThrow()
  return row.term
}

/**
 * @param lock where other connections exist, the row stays locked until the commit: no later term can begin
 *   between the check and the writes, and writes follow one another as they do on SQLite
 * @throws Deposed
 */
export async function checkTerm(transaction: CustodyTransaction, term: number, lock: boolean): Promise<void> {
  const { rows } = await sql<{
    term: number
  }>`select term from term ${lock ? sql`for update` : sql``}`.execute(transaction)
  if (rows[0]?.term !== term) throw new Deposed()
}
