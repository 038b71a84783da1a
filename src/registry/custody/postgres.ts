import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { migrate } from '../migrate.ts'
import { copyFirst } from './copy-first.ts'
import { beginTerm, type CustodyRegistry, checkTerm, Deposed } from './registry.ts'
import { type CustodyDatabase, custodyMigrations, NEWEST } from './schema.ts'

/** Names the advisory lock of the active custodian: the first 6 bytes of SHA-256("treuhand/custodian/v1"). */
const ACTIVE = 0x7472_6575_6861
const ASK_AGAIN = 1000

/**
 * Opens a custody registry on PostgreSQL. The active custodian holds a session's advisory lock, so no pooler
 * may stand between; each write also checks the term, which a lock lost unnoticed does not.
 *
 * @param url `postgres://…`; the password comes from a file that the caller read, never from arguments
 * @param copies folder in which a copy is kept before an older schema N is changed: `custody-postgres.schema-N`
 * @param schema to which it is brought; the newest, but where a backup of an older one is put back
 * @throws RegistryTooNew, CannotCopyFirst
 */
export async function openPostgresRegistry(
  url: string,
  copies: string,
  schema = NEWEST,
): Promise<CustodyRegistry> {
  const pool = new pg.Pool({ connectionString: url, max: 8, types: { getTypeParser } })
  // A connection that breaks is replaced, and what ran on it fails by itself; unheard, the event would end the process.
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  const database: CustodyDatabase = new Kysely({ dialect: new PostgresDialect({ pool }) })
  try {
    await migrate(database, custodyMigrations.slice(0, schema), async (transaction, from) => {
      // Whoever is active writes on when the copy is whole and the schema is the new one.
      await sql`lock table term in exclusive mode`.execute(transaction)
      await copyFirst(transaction, from, join(copies, `custody-postgres.schema-${from}`))
    })
  } catch (error) {
    await database.destroy()
    throw error
  }

  const deposed: (() => void)[] = []
  let lock: pg.Client | undefined
  let term: number | undefined
  let closed = false
  const lose = () => {
    if (term === undefined) return
    term = undefined
    for (const listener of deposed) listener()
  }
  return {
    database,
    async activate(whenInUse = () => {}) {
      if (term !== undefined) return
      lock = await holdLock(url, whenInUse, () => closed, lose)
      term = await beginTerm(database)
    },
    onDeposed: listener => deposed.push(listener),
    async write(act) {
      const mine = term
      if (mine === undefined) throw new Deposed()
      return await database.transaction().execute(async transaction => {
        await checkTerm(transaction, mine, true)
        return await act(transaction)
      })
    },
    async snapshot(read) {
      const transaction = database.transaction().setIsolationLevel('repeatable read')
      return await transaction.setAccessMode('read only').execute(read)
    },
    async close() {
      closed = true
      term = undefined
      await lock?.end().catch(() => {})
      await database.destroy()
    },
  }
}

/** Waits for the lock on a connection of its own, and hears when that connection ends. */
async function holdLock(
  url: string,
  whenInUse: () => void,
  isClosed: () => boolean,
  lost: () => void,
): Promise<pg.Client> {
  let told = false
  for (;;) {
    if (isClosed()) throw new Deposed()
    const client = new pg.Client({ connectionString: url, keepAlive: true })
    client.on('error', lost)
    client.on('end', lost)
    try {
      await client.connect()
      while (!(await tryLock(client))) {
        if (!told) whenInUse()
        told = true
        await delay(ASK_AGAIN)
        if (isClosed()) throw new Deposed()
      }
      return client
    } catch (error) {
      await client.end().catch(() => {})
      if (error instanceof Deposed) throw error
      await delay(ASK_AGAIN)
    }
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as held', [ACTIVE])
  return rows[0].held
}

/** Times and terms stay below 2^53. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)
}
