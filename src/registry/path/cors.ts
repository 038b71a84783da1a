import type { Kysely } from 'kysely'
import type { PathTables } from './schema.ts'

/** The CORS rules of one bucket, by the name that applications use. What they say is the front's matter. */
export class BucketCors<Rules> {
  readonly #database: Kysely<PathTables>

  constructor(database: Kysely<PathTables>) {
    this.#database = database
  }

  async get(bucket: string): Promise<Rules | undefined> {
    const row = await this.#database
      .selectFrom('bucket_cors')
      .select('rules')
      .where('bucket', '=', bucket)
      .executeTakeFirst()
    return row && JSON.parse(row.rules)
  }

  async put(bucket: string, rules: Rules): Promise<void> {
    const row = { rules: JSON.stringify(rules) }
    await this.#database
      .insertInto('bucket_cors')
      .values({ bucket, ...row })
      .onConflict(conflict => conflict.column('bucket').doUpdateSet(row))
      .execute()
  }

  /** Removing what is not there is no error. */
  async remove(bucket: string): Promise<void> {
    await this.#database.deleteFrom('bucket_cors').where('bucket', '=', bucket).execute()
  }
}
