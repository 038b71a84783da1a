import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Selectable } from 'kysely'
import type { CustodyRegistry, CustodyTransaction } from '../registry/custody/registry.ts'
import type { RecordTable } from '../registry/custody/schema.ts'
import { canonical, type Json } from './canonical.ts'
import { type Context, contextBytes } from './context.ts'
import { CustodyError } from './errors.ts'

/** A record as its kind's reader made it from what the registry holds. */
export interface Kept<Body> {
  readonly id: string
  readonly revision: number
  readonly body: Body
}

/**
 * What people decided (tenants, proxies, tokens, proposals, …), each with a MAC over kind, id, revision and
 * body, so that a row altered, swapped or made in the database is found when it is read.
 */
export class Records {
  readonly #registry: CustodyRegistry
  readonly #key: KeyObject
  readonly #concealing: KeyObject
  readonly #deriving: KeyObject

  /** @param key 32 bytes, overwritten here */
  constructor(registry: CustodyRegistry, key: Uint8Array) {
    this.#registry = registry
    this.#key = createSecretKey(key)
    const concealing = Buffer.from(hkdfSync('sha256', key, '', 'treuhand/concealed/v1', 32))
    const deriving = Buffer.from(hkdfSync('sha256', key, '', 'treuhand/derived/v1', 32))
    this.#concealing = createSecretKey(concealing)
    this.#deriving = createSecretKey(deriving)
    for (const secret of [key, concealing, deriving]) secret.fill(0)
  }

  /** @throws CustodyError `Unverified` */
  async find<Body extends Json>(kind: string, id: string): Promise<Kept<Body> | undefined> {
    const row = await this.#registry.database
      .selectFrom('records')
      .selectAll()
      .where('kind', '=', kind)
      .where('id', '=', id)
      .executeTakeFirst()
    return row && this.#read<Body>(row)
  }

  /** @throws CustodyError `Unverified` */
  async all<Body extends Json>(kind: string): Promise<Kept<Body>[]> {
    const rows = await this.#registry.database
      .selectFrom('records')
      .selectAll()
      .where('kind', '=', kind)
      .orderBy('id')
      .execute()
    return rows.map(row => this.#read<Body>(row))
  }

  /** Every record of whatever kind. @throws CustodyError `Unverified` */
  async everything(): Promise<{ kind: string; id: string; revision: number; body: Json }[]> {
    const rows = await this.#registry.database
      .selectFrom('records')
      .selectAll()
      .orderBy('kind')
      .orderBy('id')
      .execute()
    return rows.map(row => ({ kind: row.kind, ...this.#read<Json>(row) }))
  }

  /**
   * Writes a record within a transaction of the registry.
   *
   * @param revision the one that was read; 0 for a record that must be new
   * @throws CustodyError `Conflict` when another came first
   */
  async put<Body extends Json>(
    transaction: CustodyTransaction,
    kind: string,
    id: string,
    revision: number,
    body: Body,
  ): Promise<void> {
    const next = revision + 1
    const text = canonical(body)
    const row = { revision: next, body: text, mac: this.#mac(kind, id, next, text) }
    const written =
      revision === 0
        ? await transaction
            .insertInto('records')
            .values({ kind, id, ...row })
            .onConflict(conflict => conflict.columns(['kind', 'id']).doNothing())
            .returning('id')
            .execute()
        : await transaction
            .updateTable('records')
            .set(row)
            .where('kind', '=', kind)
            .where('id', '=', id)
            .where('revision', '=', revision)
            .returning('id')
            .execute()
    if (written.length === 1) return
    throw new CustodyError(
      'Conflict',
      `The ${kind} ${id} was changed meanwhile. Look at it again and repeat.`,
    )
  }

  /** Writes a record, whatever its revision, as the log has it. There must be none. */
  async restore(
    transaction: CustodyTransaction,
    kind: string,
    id: string,
    revision: number,
    body: Json,
  ): Promise<void> {
    const text = canonical(body)
    await transaction
      .insertInto('records')
      .values({ kind, id, revision, body: text, mac: this.#mac(kind, id, revision, text) })
      .execute()
  }

  /** Encrypts what a record must not show in the log, which others read: AES-256-GCM, IV before, tag behind, base64url. */
  conceal(value: Json): string {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#concealing, iv)
    const text = Buffer.concat([cipher.update(canonical(value), 'utf8'), cipher.final()])
    return Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64url')
  }

  /** @throws CustodyError `Unverified` */
  reveal(concealed: string): Json {
    const bytes = Buffer.from(concealed, 'base64url')
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#concealing, bytes.subarray(0, 12))
      decipher.setAuthTag(bytes.subarray(-16))
      const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
      return JSON.parse(text.toString('utf8'))
    } catch {
      throw new CustodyError('Unverified', 'A part of a record was not written by this custodian.')
    }
  }

  /** A secret of 32 bytes that follows from the custodian's key and a context, so that it need not be kept. */
  derive(context: Context): Buffer {
    return createHmac('sha256', this.#deriving).update(contextBytes(context)).digest()
  }

  #read<Body extends Json>(row: Selectable<RecordTable>): Kept<Body> {
    const mac = this.#mac(row.kind, row.id, row.revision, row.body)
    if (mac.length !== row.mac.length || !timingSafeEqual(mac, row.mac)) {
      throw new CustodyError(
        'Unverified',
        `The ${row.kind} ${row.id} in the registry was not written by this custodian. ` +
          'Seal it, and restore the registry from its backup.',
      )
    }
    return { id: row.id, revision: row.revision, body: JSON.parse(row.body) as Body }
  }

  #mac(kind: string, id: string, revision: number, body: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(canonical(['treuhand/record/v1', kind, id, revision, body]))
      .digest()
  }
}
