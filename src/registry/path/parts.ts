import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Cabinet } from './cabinet.ts'
import { PathRegistryError } from './errors.ts'
import type { PathTables } from './schema.ts'

/** One attempt to send one part, as it stands at the store or is held here. */
export interface Part {
  readonly uploadId: string
  readonly number: number
  /** The store's ETag; for a held part one of our own. Together with upload and number it names the attempt. */
  readonly etag: string
  /** Bytes of plaintext. */
  readonly plainLength: number
  /** 32 bytes, of this attempt alone. */
  readonly salt: Uint8Array
  /** 7 bytes, of this attempt alone. */
  readonly prefix: Uint8Array
  readonly checksum?: { readonly algorithm: string; readonly value: Uint8Array }
  /** 16 bytes over the plaintext, where the client sent Content-MD5. */
  readonly md5?: Uint8Array
}

export interface RecordedPart extends Part {
  /** The later of two attempts at a part has the larger one. */
  readonly sequence: number
  readonly recorded: Date
  /** Bytes of ciphertext held here; absent where the store has the part. */
  readonly heldLength?: number
}

export interface HeldLimits {
  /** Bytes of held ciphertext. */
  readonly perUpload: number
  readonly perTenant: number
}

/** Every column but the held bytes. */
const COLUMNS = [
  'sequence',
  'upload_id',
  'number',
  'etag',
  'recorded',
  'plain_length',
  'salt',
  'prefix',
  'digests',
  'held_length',
] as const
type PartRow = Pick<Selectable<PathTables['part']>, (typeof COLUMNS)[number]>

/** The attempts at parts of open uploads. A row is never overwritten: two attempts are two rows. */
export class Parts {
  readonly #database: Kysely<PathTables>
  readonly #cabinet: Cabinet
  readonly #limits: HeldLimits

  constructor(database: Kysely<PathTables>, cabinet: Cabinet, limits: HeldLimits) {
    this.#database = database
    this.#cabinet = cabinet
    this.#limits = limits
  }

  /**
   * Records an attempt, durable when it resolves. `held` is its ciphertext, where the store did not get it.
   * @returns the attempt's sequence
   * @throws PathRegistryError `NoSuchUpload` when the upload is not open (any more), `Duplicate` when the store
   *   gave the same ETag for an earlier attempt, `UploadHoldsTooMuch` or `TenantHoldsTooMuch` over a limit
   */
  async record(part: Part, held?: Uint8Array): Promise<number> {
    return await this.#database.transaction().execute(async transaction => {
      const upload = await transaction
        .selectFrom('upload')
        .select('tenant')
        .where('id', '=', part.uploadId)
        .where('completed', 'is', null)
        .executeTakeFirst()
      if (!upload)
        throw new PathRegistryError('NoSuchUpload', 'The upload was completed or aborted. Start a new one.')
      if (held) await this.#admit(transaction, upload.tenant, part.uploadId, held.length)

      const inserted = await transaction
        .insertInto('part')
        .values({
          upload_id: part.uploadId,
          tenant: upload.tenant,
          number: part.number,
          etag: part.etag,
          recorded: Date.now(),
          plain_length: part.plainLength,
          salt: part.salt,
          prefix: part.prefix,
          digests: this.#cabinet.seal(nameOf(part), digestsToJson(part)),
          held_length: held?.length ?? null,
          held: held ?? null,
        })
        .onConflict(conflict => conflict.doNothing())
        .returning('sequence')
        .executeTakeFirst()
      if (!inserted)
        throw new PathRegistryError('Duplicate', 'The store gave one ETag to two parts. Send the part again.')
      return inserted.sequence
    })
  }

  async #admit(transaction: Transaction<PathTables>, tenant: string, uploadId: string, more: number) {
    const { ofUpload, ofTenant } = await transaction
      .selectFrom('part')
      .select([
        sql<number>`coalesce(sum(case when upload_id = ${uploadId} then held_length else 0 end), 0)`.as(
          'ofUpload',
        ),
        sql<number>`coalesce(sum(held_length), 0)`.as('ofTenant'),
      ])
      .where('tenant', '=', tenant)
      .where('held_length', 'is not', null)
      .executeTakeFirstOrThrow()
    const { perUpload, perTenant } = this.#limits
    if (ofUpload + more > perUpload)
      throw new PathRegistryError(
        'UploadHoldsTooMuch',
        `Parts under 5 MiB of one upload may hold ${perUpload} bytes together. Send larger parts.`,
      )
    if (ofTenant + more > perTenant)
      throw new PathRegistryError(
        'TenantHoldsTooMuch',
        `Parts under 5 MiB of all open uploads may hold ${perTenant} bytes together. Complete or abort some.`,
      )
  }

  /** One attempt, by the ETag that the client names at Complete. */
  async find(uploadId: string, number: number, etag: string): Promise<RecordedPart | undefined> {
    const row = await this.#database
      .selectFrom('part')
      .select(COLUMNS)
      .where('upload_id', '=', uploadId)
      .where('number', '=', number)
      .where('etag', '=', etag)
      .executeTakeFirst()
    return row && this.#fromRow(row)
  }

  /** The latest attempt at each part with a number above `after`, by number, at most `limit` of them. */
  async latest(uploadId: string, after: number, limit: number): Promise<RecordedPart[]> {
    const rows = await this.#database
      .selectFrom('part')
      .select(COLUMNS)
      .where('sequence', 'in', query =>
        query
          .selectFrom('part')
          .select(({ fn }) => fn.max('sequence').as('latest'))
          .where('upload_id', '=', uploadId)
          .where('number', '>', after)
          .groupBy('number')
          .orderBy('number')
          .limit(limit),
      )
      .orderBy('number')
      .execute()
    return rows.map(row => this.#fromRow(row))
  }

  /** Every attempt at every part, by number, then sequence. What Complete chooses from. */
  async all(uploadId: string): Promise<RecordedPart[]> {
    const rows = await this.#database
      .selectFrom('part')
      .select(COLUMNS)
      .where('upload_id', '=', uploadId)
      .orderBy('number')
      .orderBy('sequence')
      .execute()
    return rows.map(row => this.#fromRow(row))
  }

  /** The ciphertext of a held part; undefined where the upload is gone or the store has the part. */
  async held(sequence: number): Promise<Uint8Array | undefined> {
    const row = await this.#database
      .selectFrom('part')
      .select('held')
      .where('sequence', '=', sequence)
      .executeTakeFirst()
    return row?.held ?? undefined
  }

  #fromRow(row: PartRow): RecordedPart {
    const name = { uploadId: row.upload_id, number: row.number, etag: row.etag }
    return {
      ...name,
      ...digestsFromJson(this.#cabinet.open(nameOf(name), row.digests)),
      plainLength: row.plain_length,
      salt: row.salt,
      prefix: row.prefix,
      sequence: row.sequence,
      recorded: new Date(row.recorded),
      ...(row.held_length !== null && { heldLength: row.held_length }),
    }
  }
}

const nameOf = (part: Pick<Part, 'uploadId' | 'number' | 'etag'>) => [
  part.uploadId,
  String(part.number),
  part.etag,
]

type Digests = Pick<Part, 'checksum' | 'md5'>

const digestsToJson = ({ checksum, md5 }: Digests): string =>
  JSON.stringify({
    ...(checksum && { checksum: { ...checksum, value: Buffer.from(checksum.value).toString('base64') } }),
    ...(md5 && { md5: Buffer.from(md5).toString('base64') }),
  })

function digestsFromJson(json: string): Digests {
  const { checksum, md5 } = JSON.parse(json)
  return {
    ...(checksum && { checksum: { ...checksum, value: Buffer.from(checksum.value, 'base64') } }),
    ...(md5 && { md5: Buffer.from(md5, 'base64') }),
  }
}
