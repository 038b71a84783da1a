import { rmSync } from 'node:fs'
import { Kysely, type Selectable, sql } from 'kysely'
import { sqliteDialect } from '../registry/sqlite.ts'

/** Why a version stays under the key. */
export type Left =
  /** Object lock bars its removal. */
  | 'locked'
  /** Its storage class is read only after a restore. */
  | 'archived'
  /** A newer version hides it: the store adds versions at the top alone. */
  | 'older'
  | 'does-not-open'
  /** The store, or this proxy's rights at it, allowed no rewriting. */
  | 'refused'

interface VersionTable {
  bucket: string
  key: string
  /** Empty where the bucket has no versions. */
  version: string
  latest: 0 | 1
  /** The store's. */
  etag: string
  /** Stored bytes. */
  length: number
  /** Milliseconds since 1970, by the store. */
  modified: number
  /** Of its DEK, which copies share; null where it was not sealed. */
  commitment: Uint8Array | null
  /** Whether its envelope names the key. */
  named: 0 | 1
  left: Left | null
  /** Commitment of the DEK that it is being written anew with, until that is known to have ended. */
  next: Uint8Array | null
}
export type Version = Selectable<VersionTable>
export type Place = Pick<Version, 'bucket' | 'key' | 'version'>

interface Tables {
  versions: VersionTable
  /** DEKs that the key has wrapped. They stay when the object is gone: its copies may be there. */
  deks: { commitment: Uint8Array }
  rewritten: { versions: number; bytes: number }
}

/** Versions, and the stored bytes of all. */
export interface Sum {
  readonly versions: number
  readonly bytes: number
}

/**
 * What is known of the versions in a key's reach and of how far their rewriting has come, in a file: a run that
 * was killed goes on from here.
 */
export class Job {
  readonly #file: string
  readonly #database: Kysely<Tables>

  /** @throws SQLite's own error where another process works on the same job */
  static async open(file: string): Promise<Job> {
    const database = new Kysely<Tables>({ dialect: sqliteDialect(file, 'exclusive') })
    // What a power cut takes is looked at again; what a killed process wrote stays.
    await sql`pragma synchronous = normal`.execute(database)
    await sql`create table if not exists versions (
      bucket text not null, key text not null, version text not null, latest integer not null,
      etag text not null, length integer not null, modified integer not null, commitment blob,
      named integer not null, left text, next blob,
      primary key (bucket, key, version)
    ) strict, without rowid`.execute(database)
    await sql`create table if not exists deks (commitment blob primary key) strict, without rowid`.execute(
      database,
    )
    await sql`create table if not exists rewritten (versions integer not null, bytes integer not null) strict`.execute(
      database,
    )
    await sql`insert into rewritten select 0, 0 where not exists (select 1 from rewritten)`.execute(database)
    return new Job(file, database)
  }

  private constructor(file: string, database: Kysely<Tables>) {
    this.#file = file
    this.#database = database
  }

  /** Those of a page of a listing that were not looked at, or were written since. */
  async unknown<Listed extends Place & Pick<Version, 'etag' | 'latest'>>(
    page: readonly Listed[],
  ): Promise<readonly Listed[]> {
    const [first, last] = [page[0], page.at(-1)]
    if (!first || !last) return []
    const known = await this.#database
      .selectFrom('versions')
      .select(['key', 'version', 'etag', 'latest'])
      .where('bucket', '=', first.bucket)
      .where('key', '>=', first.key)
      .where('key', '<=', last.key)
      .execute()
    const name = (one: Pick<Version, 'key' | 'version' | 'etag' | 'latest'>) =>
      JSON.stringify([one.key, one.version, one.etag, one.latest])
    const names = new Set(known.map(name))
    return page.filter(one => !names.has(name(one)))
  }

  /** Notes what was found; what was known of the same versions is forgotten. */
  async note(found: readonly Omit<Version, 'next'>[]): Promise<void> {
    if (found.length === 0) return
    const deks = found.flatMap(({ named, commitment }) => (named && commitment ? [{ commitment }] : []))
    await this.#database.transaction().execute(async transaction => {
      await transaction
        .replaceInto('versions')
        .values(found.map(one => ({ ...one, next: null })))
        .execute()
      if (deks.length > 0) await transaction.replaceInto('deks').values(deks).execute()
    })
  }

  /** What there is to rewrite, and what is to be left. */
  async sums(): Promise<{ readonly due: Sum; readonly left: Sum; readonly rewritten: Sum }> {
    const rows = await this.#inReach()
      .select(({ fn, eb }) => [
        eb('left', 'is', null).as('due'),
        fn.countAll<number>().as('versions'),
        fn.sum<number>('length').as('bytes'),
      ])
      .groupBy('due')
      .execute()
    const sum = (due: number) => {
      const { versions = 0, bytes = 0 } = rows.find(row => Number(row.due) === due) ?? {}
      return { versions, bytes }
    }
    const rewritten = await this.#database.selectFrom('rewritten').selectAll().executeTakeFirstOrThrow()
    return { due: sum(1), left: sum(0), rewritten }
  }

  /** Versions in the key's reach, in the order of their names. */
  async *reach(which: 'due' | 'left' | 'all'): AsyncGenerator<Version> {
    let after: Place = { bucket: '', key: '', version: '' }
    for (;;) {
      const { bucket, key, version } = after
      const page = await this.#inReach()
        .selectAll()
        .$if(which === 'due', query => query.where('left', 'is', null))
        .$if(which === 'left', query => query.where('left', 'is not', null))
        .where(sql<boolean>`(bucket, key, version) > (${bucket}, ${key}, ${version})`)
        .orderBy('bucket')
        .orderBy('key')
        .orderBy('version')
        .limit(500)
        .execute()
      yield* page
      const last = page.at(-1)
      if (!last) return
      after = last
    }
  }

  /** Versions whose rewriting had begun when an earlier run was killed. */
  async begun(): Promise<readonly Version[]> {
    return await this.#database.selectFrom('versions').selectAll().where('next', 'is not', null).execute()
  }

  /** @param next commitment of the DEK that the object is about to be written with */
  async begin(place: Place, next: Uint8Array): Promise<void> {
    await this.#set(place, { next })
  }

  /** @param by what stands in its place now */
  async end(old: Version, by: Pick<Version, 'version' | 'etag' | 'commitment'>): Promise<void> {
    await this.#database.transaction().execute(async transaction => {
      await transaction.deleteFrom('versions').where(at(old)).execute()
      await transaction
        .replaceInto('versions')
        .values({ ...old, ...by, named: 0, left: null, next: null })
        .execute()
      await transaction
        .updateTable('rewritten')
        .set(({ eb }) => ({ versions: eb('versions', '+', 1), bytes: eb('bytes', '+', old.length) }))
        .execute()
    })
  }

  async leave(place: Place, left: Left): Promise<void> {
    await this.#set(place, { left, next: null })
  }

  /** The version was written or deleted by somebody else: the next survey looks again. */
  async forget(place: Place): Promise<void> {
    await this.#database.deleteFrom('versions').where(at(place)).execute()
  }

  async close(): Promise<void> {
    await this.#database.destroy()
  }

  /** Ends the job for good. */
  async remove(): Promise<void> {
    await this.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.#file}${end}`, { force: true })
  }

  async #set(place: Place, what: Partial<Version>): Promise<void> {
    await this.#database.updateTable('versions').set(what).where(at(place)).execute()
  }

  /** Versions whose envelope names the key, or whose DEK it has wrapped. */
  #inReach() {
    return this.#database
      .selectFrom('versions')
      .where(({ or, eb, selectFrom }) =>
        or([eb('named', '=', 1), eb('commitment', 'in', selectFrom('deks').select('deks.commitment'))]),
      )
  }
}

const at = ({ bucket, key, version }: Place) =>
  sql<boolean>`(bucket, key, version) = (${bucket}, ${key}, ${version})`
