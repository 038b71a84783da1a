import type { Kysely, Selectable } from 'kysely'
import type { Cabinet } from './cabinet.ts'
import type { PathTables } from './schema.ts'

/** What an application signs its requests with, and what it may do. */
export interface AccessKey {
  readonly id: string
  /** In clear, since SigV4 derives its signing key from it. */
  readonly secret: string
  readonly tenant: string
  readonly grants: readonly Grant[]
  /** The store credential used for this key's requests; absent: the store's own. */
  readonly storeCredential?: string
  readonly created: Date
  readonly expires?: Date
}

/** Allows what all of its fields allow. Nothing is allowed that no grant allows. */
export interface Grant {
  /** Names; `*` stands for all, and at a name's end for any ending. */
  readonly buckets: readonly string[]
  /** Object keys that begin with one of these; absent: all. */
  readonly prefixes?: readonly string[]
  readonly actions: readonly Action[]
  /** CIDR blocks that the peer's address must be in; absent: all. */
  readonly networks?: readonly string[]
  readonly expires?: Date
}

/** `configure` reads and writes settings of buckets, such as versioning; `manage` creates and deletes buckets. */
export type Action = 'read' | 'write' | 'delete' | 'list' | 'configure' | 'manage'

/** A change in another process is seen after this many milliseconds at most, a new key at once. */
const STALE_AFTER = 1000

/**
 * The access keys, cached whole in each process. A version number, counted up with every change, tells a
 * process that its cache is old: one row read a second, and none on most requests.
 */
export class AccessKeys {
  readonly #database: Kysely<PathTables>
  readonly #cabinet: Cabinet
  #cache: ReadonlyMap<string, AccessKey> = new Map()
  #version = -1
  #checked = Number.NEGATIVE_INFINITY

  constructor(database: Kysely<PathTables>, cabinet: Cabinet) {
    this.#database = database
    this.#cabinet = cabinet
  }

  /** @returns undefined for an id that does not exist or whose time is over */
  async find(id: string): Promise<AccessKey | undefined> {
    if (performance.now() - this.#checked > STALE_AFTER || !this.#cache.has(id)) await this.#refresh()
    const found = this.#cache.get(id)
    return found?.expires && found.expires.getTime() <= Date.now() ? undefined : found
  }

  async list(): Promise<AccessKey[]> {
    await this.#refresh()
    return [...this.#cache.values()]
  }

  /** Adds a key, or replaces the one with its id. */
  async put(key: Omit<AccessKey, 'created'>): Promise<void> {
    const row = {
      secret: this.#cabinet.seal([key.id, key.tenant], key.secret),
      tenant: key.tenant,
      grants: JSON.stringify(key.grants),
      store_credential: key.storeCredential ?? null,
      expires: key.expires?.getTime() ?? null,
    }
    await this.#change(database =>
      database
        .insertInto('access_key')
        .values({ ...row, id: key.id, created: Date.now() })
        .onConflict(conflict => conflict.column('id').doUpdateSet(row))
        .execute(),
    )
  }

  /** Removing a key that is not there is no error. */
  async remove(id: string): Promise<void> {
    await this.#change(database => database.deleteFrom('access_key').where('id', '=', id).execute())
  }

  async #change(act: (database: Kysely<PathTables>) => Promise<unknown>): Promise<void> {
    await this.#database.transaction().execute(async transaction => {
      await act(transaction)
      await transaction
        .updateTable('access_key_version')
        .set(({ eb }) => ({ version: eb('version', '+', 1) }))
        .execute()
    })
    await this.#refresh()
  }

  async #refresh(): Promise<void> {
    const { version } = await this.#database
      .selectFrom('access_key_version')
      .select('version')
      .executeTakeFirstOrThrow()
    if (version !== this.#version) {
      const rows = await this.#database.selectFrom('access_key').selectAll().execute()
      this.#cache = new Map(rows.map(row => [row.id, this.#fromRow(row)]))
      this.#version = version
    }
    this.#checked = performance.now()
  }

  #fromRow(row: Selectable<PathTables['access_key']>): AccessKey {
    const grants: StoredGrant[] = JSON.parse(row.grants)
    return {
      id: row.id,
      secret: this.#cabinet.open([row.id, row.tenant], row.secret),
      tenant: row.tenant,
      grants: grants.map(({ expires, ...grant }) => ({
        ...grant,
        ...(expires && { expires: new Date(expires) }),
      })),
      ...(row.store_credential !== null && { storeCredential: row.store_credential }),
      created: new Date(row.created),
      ...(row.expires !== null && { expires: new Date(row.expires) }),
    }
  }
}

type StoredGrant = Omit<Grant, 'expires'> & { readonly expires?: string }
