import { DatabaseSync } from 'node:sqlite'

/** Prepared statements as tagged templates: values are always bound, never spliced into the text. */
export type Sql = ReturnType<DatabaseSync['createTagStore']>

/** One connection to a SQLite database. All calls block the thread they run on. */
export interface Connection {
  readonly sql: Sql
  /** Runs SQL text that takes no values: the schema, pragmas, BEGIN and COMMIT. */
  exec(text: string): void
  close(): void
}

/** Opens a database. `wait`: milliseconds that a call may block while another process holds a lock. */
export function connect(path: string, wait: number): Connection {
  const database = new DatabaseSync(path, { timeout: wait })
  const sql = database.createTagStore(200)
  return {
    sql,
    exec: text => database.exec(text),
    close: () => database.close(),
  }
}

/** Opens the index. What COMMIT has answered is on the disk (https://sqlite.org/pragma.html#pragma_synchronous). */
export function connectIndex(path: string): Connection {
  const connection = connect(path, 30_000)
  connection.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -8000;
    PRAGMA temp_store = MEMORY;
  `)
  return connection
}

/** SQLite's own code of a failure, where it is one (https://sqlite.org/rescode.html). */
export function sqliteCode(error: unknown): number | undefined {
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')
    return error.errcode & 0xff
  return undefined
}
export const SQLITE_BUSY = 5
export const SQLITE_FULL = 13
