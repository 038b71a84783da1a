import type { CustodyRegistry, CustodyTransaction } from './registry.ts'

export interface HiddenRow {
  readonly kind: string
  readonly hash: Uint8Array
  readonly salt: Uint8Array
  readonly value: string
}

export interface LeavesToAdd {
  readonly size: number
  readonly leaves: readonly Uint8Array[]
  readonly hidden: readonly HiddenRow[]
  readonly tiles: readonly { readonly level: number; readonly index: number; readonly hashes: Uint8Array }[]
  readonly head: string
  readonly journaled: boolean
  /** Writes that belong to the entries: kept with them, or not at all. */
  readonly alongside: readonly ((transaction: CustodyTransaction) => Promise<void>)[]
}

/** Another has added leaves to the log meanwhile. */
export class LogMoved extends Error {
  override readonly name = 'LogMoved'

  constructor(origin: string) {
    super(`Another process has written to the log ${origin}. Start this one again.`)
  }
}

/** SQLite takes 32,766 parameters in a statement; a batch of rows stays far below. */
const ROWS = 500

/** The rows of the log `origin`. */
export function logRows(registry: CustodyRegistry, origin: string) {
  const { database } = registry
  const headRow = () =>
    database.selectFrom('log_heads').selectAll().where('origin', '=', origin).executeTakeFirst()
  return {
    async head(): Promise<string | undefined> {
      return (await headRow())?.head
    },

    async witnessed(): Promise<string | undefined> {
      return (await headRow())?.witnessed ?? undefined
    },

    async saveWitnessed(note: string): Promise<void> {
      await registry.write(async transaction => {
        await transaction
          .updateTable('log_heads')
          .set({ witnessed: note })
          .where('origin', '=', origin)
          .execute()
      })
    },

    async tile(level: number, index: number): Promise<Uint8Array | undefined> {
      const row = await database
        .selectFrom('log_tiles')
        .select('hashes')
        .where('origin', '=', origin)
        .where('level', '=', level)
        .where('number', '=', index)
        .executeTakeFirst()
      return row?.hashes
    },

    async leaves(begin: number, end: number): Promise<Uint8Array[]> {
      const rows = await database
        .selectFrom('log_leaves')
        .select('leaf')
        .where('origin', '=', origin)
        .where('number', '>=', begin)
        .where('number', '<', end)
        .orderBy('number')
        .execute()
      return rows.map(({ leaf }) => leaf)
    },

    async append(batch: LeavesToAdd): Promise<void> {
      await registry.write(async transaction => {
        await moveHead(transaction, origin, batch)
        const leaves = batch.leaves.map((leaf, i) => ({ origin, number: batch.size + i, leaf }))
        for (let i = 0; i < leaves.length; i += ROWS)
          await transaction
            .insertInto('log_leaves')
            .values(leaves.slice(i, i + ROWS))
            .execute()
        for (const { level, index, hashes } of batch.tiles)
          await transaction
            .insertInto('log_tiles')
            .values({ origin, level, number: index, hashes })
            .onConflict(row => row.columns(['origin', 'level', 'number']).doUpdateSet({ hashes }))
            .execute()
        await addHidden(transaction, batch.hidden)
        if (batch.journaled) await transaction.deleteFrom('log_journal').execute()
        for (const write of batch.alongside) await write(transaction)
      })
    },

    async journal(): Promise<{ number: number; leaf: Uint8Array }[]> {
      return await database.selectFrom('log_journal').selectAll().orderBy('number').execute()
    },

    async addToJournal(
      row: { number: number; leaf: Uint8Array },
      hidden: readonly HiddenRow[],
    ): Promise<void> {
      await registry.write(async transaction => {
        await transaction.insertInto('log_journal').values(row).execute()
        await addHidden(transaction, hidden)
      })
    },

    /** Erases a personal value everywhere: the leaves keep a hash that nothing can be tried against any more. */
    async erase(kind: string, value: string): Promise<number> {
      return await registry.write(async transaction => {
        const { numDeletedRows } = await transaction
          .deleteFrom('log_hidden')
          .where('kind', '=', kind)
          .where('value', '=', value)
          .executeTakeFirst()
        return Number(numDeletedRows)
      })
    },

    /** The value behind a salted hash, where it was not erased. */
    async reveal(hash: Uint8Array): Promise<HiddenRow | undefined> {
      return await database.selectFrom('log_hidden').selectAll().where('hash', '=', hash).executeTakeFirst()
    },
  }
}

async function moveHead(transaction: CustodyTransaction, origin: string, batch: LeavesToAdd): Promise<void> {
  const size = batch.size + batch.leaves.length
  if (batch.size === 0) {
    const row = { origin, size, head: batch.head, witnessed: null }
    const added = await transaction
      .insertInto('log_heads')
      .values(row)
      .onConflict(conflict => conflict.column('origin').doNothing())
      .executeTakeFirst()
    if (added.numInsertedOrUpdatedRows === 1n) return
    throw new LogMoved(origin)
  }
  const moved = await transaction
    .updateTable('log_heads')
    .set({ size, head: batch.head })
    .where('origin', '=', origin)
    .where('size', '=', batch.size)
    .executeTakeFirst()
  if (moved.numUpdatedRows !== 1n) throw new LogMoved(origin)
}

async function addHidden(transaction: CustodyTransaction, hidden: readonly HiddenRow[]): Promise<void> {
  const rows = hidden.map(({ hash, kind, salt, value }) => ({ hash, kind, salt, value }))
  for (let i = 0; i < rows.length; i += ROWS)
    await transaction
      .insertInto('log_hidden')
      .values(rows.slice(i, i + ROWS))
      .execute()
}
