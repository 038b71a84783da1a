import type { Kysely, Selectable } from 'kysely'
import type { Cabinet } from './cabinet.ts'
import { PathRegistryError } from './errors.ts'
import type { PathTables } from './schema.ts'

/** A multipart upload in progress, or completed not long ago. */
export interface Upload {
  /** The store's own id: opaque, chosen by an adversary. */
  readonly id: string
  readonly tenant: string
  /** The bucket by the application's name. */
  readonly bucket: string
  readonly key: string
  readonly storeBucket: string
  /** Envelope bytes of kind multipart, which hold the wrapped DEK. */
  readonly envelope: Uint8Array
  readonly sealedMetadata: SealedMetadata
  readonly checksum?: { readonly algorithm: string; readonly type: string }
  readonly created: Date
  /** Present once the upload was completed: the answer that a repeated Complete gets. */
  readonly result?: UploadResult
}

/** The sealed metadata as they went to the store, needed again at Complete. */
export interface SealedMetadata {
  readonly metadata: Readonly<Record<string, string>>
  readonly contentDisposition?: string
  /** What the store was asked to carry out itself, as tags. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface UploadResult {
  /** The store's ETag of the finished object. */
  readonly etag: string
  readonly attributes: Readonly<Record<string, string>>
  readonly checksum?: { readonly algorithm: string; readonly type: string; readonly value: Uint8Array }
  /** What the client asked to complete, in a form its caller chooses, to tell a repetition from another request. */
  readonly request?: string
}

export class Uploads {
  readonly #database: Kysely<PathTables>
  readonly #cabinet: Cabinet

  constructor(database: Kysely<PathTables>, cabinet: Cabinet) {
    this.#database = database
    this.#cabinet = cabinet
  }

  /**
   * Records a new upload.
   * @throws PathRegistryError `Duplicate` when the store gave an id it had given before
   */
  async create(upload: Omit<Upload, 'created' | 'result'>): Promise<void> {
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('upload')
      .values({
        id: upload.id,
        tenant: upload.tenant,
        bucket: upload.bucket,
        object_key: upload.key,
        store_bucket: upload.storeBucket,
        envelope: upload.envelope,
        sealed_metadata: JSON.stringify(upload.sealedMetadata),
        checksum_algorithm: upload.checksum?.algorithm ?? null,
        checksum_type: upload.checksum?.type ?? null,
        created: Date.now(),
        completed: null,
        result: null,
      })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirstOrThrow()
    if (numInsertedOrUpdatedRows === 0n)
      throw new PathRegistryError('Duplicate', 'The store gave an upload id twice. Start the upload again.')
  }

  async find(id: string): Promise<Upload | undefined> {
    const row = await this.#database.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst()
    return row && this.#fromRow(row)
  }

  /** The checksums that uploads were begun with, by id; those without are left out. */
  async checksums(ids: readonly string[]): Promise<ReadonlyMap<string, NonNullable<Upload['checksum']>>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#database
      .selectFrom('upload')
      .select(['id', 'checksum_algorithm as algorithm', 'checksum_type as type'])
      .where('id', 'in', ids)
      .execute()
    return new Map(
      rows.flatMap(({ id, algorithm, type }) => (algorithm && type ? [[id, { algorithm, type }]] : [])),
    )
  }

  /**
   * Keeps the answer for repetitions and drops the parts.
   * @returns false when the upload is not open: completed by another request, or aborted
   */
  async complete(id: string, result: UploadResult): Promise<boolean> {
    return await this.#database.transaction().execute(async transaction => {
      const { numUpdatedRows } = await transaction
        .updateTable('upload')
        .set({ completed: Date.now(), result: this.#cabinet.seal([id], resultToJson(result)) })
        .where('id', '=', id)
        .where('completed', 'is', null)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows === 0n) return false
      await transaction.deleteFrom('part').where('upload_id', '=', id).execute()
      return true
    })
  }

  /** Forgets an upload and its parts: it was aborted. Forgetting what is not there is no error. */
  async remove(id: string): Promise<void> {
    await this.#database.deleteFrom('upload').where('id', '=', id).execute()
  }

  /** Open uploads begun before a time, oldest first: abort them at the store, then `remove` them. */
  async openSince(before: Date, limit: number): Promise<Upload[]> {
    const rows = await this.#database
      .selectFrom('upload')
      .selectAll()
      .where('completed', 'is', null)
      .where('created', '<', before.getTime())
      .orderBy('created')
      .limit(limit)
      .execute()
    return rows.map(row => this.#fromRow(row))
  }

  /** Forgets uploads completed before a time. @returns how many */
  async sweepCompleted(before: Date): Promise<number> {
    const { numDeletedRows } = await this.#database
      .deleteFrom('upload')
      .where('completed', '<', before.getTime())
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  }

  #fromRow(row: Selectable<PathTables['upload']>): Upload {
    return {
      id: row.id,
      tenant: row.tenant,
      bucket: row.bucket,
      key: row.object_key,
      storeBucket: row.store_bucket,
      envelope: row.envelope,
      sealedMetadata: JSON.parse(row.sealed_metadata),
      ...(row.checksum_algorithm !== null &&
        row.checksum_type !== null && {
          checksum: { algorithm: row.checksum_algorithm, type: row.checksum_type },
        }),
      created: new Date(row.created),
      ...(row.result && { result: resultFromJson(this.#cabinet.open([row.id], row.result)) }),
    }
  }
}

function resultToJson({ checksum, ...result }: UploadResult): string {
  if (!checksum) return JSON.stringify(result)
  const value = Buffer.from(checksum.value).toString('base64')
  return JSON.stringify({ ...result, checksum: { ...checksum, value } })
}

function resultFromJson(json: string): UploadResult {
  const { checksum, ...result } = JSON.parse(json)
  if (!checksum) return result
  return { ...result, checksum: { ...checksum, value: Buffer.from(checksum.value, 'base64') } }
}
