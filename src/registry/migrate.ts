import { type Kysely, sql, type Transaction } from 'kysely'

/** One step of a registry's schema. Steps are appended, never changed: a registry in the field has run them. */
export type Migration = (transaction: Transaction<never>) => Promise<void>

/** The registry was written by a newer program. */
export class RegistryTooNew extends Error {
  override readonly name = 'RegistryTooNew'

  constructor(found: number, known: number) {
    super(
      `The registry has schema ${found}, this program knows up to ${known}. ` +
        'Start the program version that wrote it, or a newer one.',
    )
  }
}

/**
 * Brings a registry to the newest schema, all missing steps in one transaction.
 *
 * @param before runs first in that transaction, where there is something to change; what it throws leaves all as it was
 * @returns the schema number before and after
 * @throws RegistryTooNew
 */
export async function migrate<Tables>(
  database: Kysely<Tables>,
  steps: readonly Migration[],
  before: (transaction: Transaction<Tables>, from: number) => Promise<void> = async () => {},
): Promise<{ from: number; to: number }> {
  return await database.transaction().execute(async transaction => {
    await sql`create table if not exists schema_version (version integer not null)`.execute(transaction)
    const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(transaction)
    const from = rows[0]?.version ?? 0
    if (from > steps.length) throw new RegistryTooNew(from, steps.length)
    if (from > 0 && from < steps.length) await before(transaction, from)
    for (const step of steps.slice(from)) await step(transaction as unknown as Transaction<never>)
    if (from < steps.length) {
      await sql`delete from schema_version`.execute(transaction)
      await sql`insert into schema_version (version) values (${sql.lit(steps.length)})`.execute(transaction)
    }
    return { from, to: steps.length }
  })
}
