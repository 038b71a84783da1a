import { sql } from 'kysely'
import type { CallTables } from './call-tables.ts'
import type { CustodyTransaction } from './registry.ts'
import type { CustodyTables } from './schema.ts'

type CopiedTable = Exclude<keyof CustodyTables, 'term' | keyof CallTables>

/** A row as every database has it. */
export interface CopiedRow {
  readonly table: string
  readonly columns: { readonly [column: string]: string | number | null | Uint8Array }
}

/**
 * What a copy of the registry holds, in an order in which it can be put back, and what orders each table. The
 * term is not copied: it is this registry's own; nor what callers did lately.
 */
const TABLES: { readonly [table in CopiedTable]: readonly string[] } = {
  seal: ['singleton'],
  secrets: ['name'],
  keks: ['tenant', 'version'],
  group_keys: ['id'],
  records: ['kind', 'id'],
  stops: ['kind', 'scope'],
  ceremony: ['singleton'],
  exports: ['proposal'],
  deposits: ['id'],
  log_heads: ['origin'],
  log_leaves: ['origin', 'number'],
  log_tiles: ['origin', 'level', 'number'],
  log_hidden: ['hash'],
  log_journal: ['number'],
}
export const COPIED_TABLES = Object.keys(TABLES) as readonly CopiedTable[]

/** Rows that are read or put back at a time; of leaves, 60 MB at most. */
const PAGE = 1000

/**
 * Every row, table by table, read page by page.
 *
 * @param tables that are there; a registry of an older schema lacks some
 */
export async function* copiedRows(
  transaction: CustodyTransaction,
  tables: ReadonlySet<string> = new Set(COPIED_TABLES),
): AsyncGenerator<CopiedRow> {
  for (const table of COPIED_TABLES.filter(one => tables.has(one))) {
    const order = sql.join(TABLES[table].map(column => sql.ref(column)))
    let after = sql`true`
    for (;;) {
      const { rows } = await sql<CopiedRow['columns']>`
        select * from ${sql.table(table)} where ${after} order by ${order} limit ${sql.lit(PAGE)}`.execute(
        transaction,
      )
      for (const columns of rows) yield { table, columns }
      const last = rows.at(-1)
      if (!last || rows.length < PAGE) break
      after = sql`(${order}) > (${sql.join(TABLES[table].map(column => last[column]))})`
    }
  }
}

/** Puts rows back into empty tables. */
export async function putRows(
  transaction: CustodyTransaction,
  rows: AsyncIterable<CopiedRow>,
): Promise<void> {
  let waiting: CopiedRow[] = []
  const flush = async () => {
    const [first] = waiting
    if (first)
      await transaction
        .insertInto(first.table as CopiedTable)
        .values(waiting.map(({ columns }) => columns) as never)
        .execute()
    waiting = []
  }
  for await (const row of rows) {
    if (waiting.length === PAGE || (waiting[0] && waiting[0].table !== row.table)) await flush()
    waiting.push(row)
  }
  await flush()
}

/** Whether nothing was ever kept here. */
export async function isEmpty(transaction: CustodyTransaction): Promise<boolean> {
  for (const table of COPIED_TABLES) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(transaction)
    if (rows.length > 0) return false
  }
  return true
}
