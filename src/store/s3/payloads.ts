import type { Writer } from '../../wire/body.ts'
import type { Response, Upload } from '../../wire/client.ts'
import { AnsweredEarly } from '../../wire/errors.ts'
import type { Address, ObjectWriter, PartWriter, Store, StoredObject, StoreRange } from '../store.ts'
import { broken } from './answers.ts'
import { assertObeyed, type Connection } from './connection.ts'
import { unavailable, wasSent } from './failures.ts'
import { type Framing, formFields, framingOf, type PayloadForm } from './framing.ts'
import {
  type Field,
  newObjectFields,
  rangeField,
  readAttributes,
  readConditionFields,
  readContentRange,
  readETag,
  readStoredHead,
  writeConditionFields,
} from './object-headers.ts'
import { MAX_ERROR_BODY, refusal } from './refusal.ts'
import { signRequest } from './requests.ts'
import { Attempt, retrying } from './retry.ts'
import { EMPTY_SHA256 } from './signature.ts'
import type { Query } from './targets.ts'
import { CRC32, checksumFor, type TrailingChecksum } from './trailing-checksum.ts'

/** The bytes of objects and parts, over the client that reads and writes without copies. */
export function payloads(connection: Connection): Pick<Store, 'put' | 'putPart' | 'get'> {
  return {
    async put(at, object, length, conditions): Promise<ObjectWriter> {
      assertObeyed(connection, 'put', conditions)
      const fields = [...newObjectFields(object), ...writeConditionFields(conditions)]
      const checksum = checksumFor(connection, object.checksum)
      const form = connection.abilities.objectForm
      const upload = await begin(connection, at, {}, fields, { form, length, checksum })
      return new PayloadWriter(connection, upload, ({ headers }) => ({
        etag: readETag(headers.get('etag')),
        attributes: readAttributes(headers),
      }))
    },

    async putPart(at, uploadId, number, length): Promise<PartWriter> {
      const query = { partNumber: `${number}`, uploadId }
      const form = connection.abilities.partForm
      const upload = await begin(connection, at, query, [], { form, length, checksum: CRC32 })
      return new PayloadWriter(connection, upload, ({ headers }) => ({ etag: readETag(headers.get('etag')) }))
    },

    async get(at, range, conditions): Promise<StoredObject> {
      const headers = readConditionFields(conditions)
      if (range !== undefined) headers.push(rangeField(range))
      return retrying(true, async () => {
        try {
          const { bucket, key, versionId } = at
          const request = { method: 'GET', bucket, key, query: { versionId }, headers } as const
          const { origin, ask } = signRequest(connection, request, EMPTY_SHA256)
          const response = await origin.request(ask)
          if (response.status === 200 || response.status === 206) return readObject(response, range)
          return new Attempt(await refused(response), true)
        } catch (error) {
          return new Attempt(unavailable(error), wasSent(error))
        }
      })
    },
  }
}

function readObject(response: Response, range: StoreRange | undefined): StoredObject {
  try {
    const { status, headers, body } = response
    if (body === undefined) throw broken('an object comes without its length')
    if (status === 200) {
      const { length } = body
      return { ...readStoredHead(headers, length), range: { first: 0, last: length - 1 }, body }
    }
    const { first, last, of } = readContentRange(headers.get('content-range'), body.length)
    if (range === undefined || !isAsked(range, first, last, of))
      throw broken('it gives another range than was asked for')
    return { ...readStoredHead(headers, of), range: { first, last }, body }
  } catch (error) {
    response.discard()
    throw error
  }
}

function isAsked(range: StoreRange, first: number, last: number, of: number): boolean {
  if ('suffix' in range) return last === of - 1 && first === Math.max(0, of - range.suffix)
  return first === range.first && last === Math.min(range.last ?? of - 1, of - 1)
}

interface Shape {
  readonly form: PayloadForm
  /** Bytes of the payload alone. */
  readonly length: number
  readonly checksum: TrailingChecksum
}

/** A payload on its way, in its form. */
interface Outgoing {
  readonly upload: Upload
  readonly framing: Framing
}

async function begin(
  connection: Connection,
  { bucket, key }: Address,
  query: Query,
  own: readonly Field[],
  { form, length, checksum }: Shape,
): Promise<Outgoing> {
  const { payload, fields } = formFields(form, length, checksum)
  const request = { method: 'PUT', bucket, key, query, headers: [...own, ...fields] } as const
  const { origin, ask, chunks } = signRequest(connection, request, payload)
  const framing = framingOf(form, length, checksum, chunks)
  try {
    return { upload: await origin.upload(ask, framing.contentLength), framing }
  } catch (error) {
    throw unavailable(error)
  }
}

/** Writes one payload. The store has nothing it could take for whole before `finish` sends the last bytes. */
class PayloadWriter<T> implements Writer {
  readonly #connection: Connection
  readonly #upload: Upload
  readonly #framing: Framing
  readonly #read: (response: Response) => T

  constructor(connection: Connection, { upload, framing }: Outgoing, read: (response: Response) => T) {
    this.#connection = connection
    this.#upload = upload
    this.#framing = framing
    this.#read = read
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    return this.#upload.write(this.#framing.frame(pieces))?.catch(error => this.#explain(error))
  }

  async finish(): Promise<T> {
    try {
      await this.#upload.write(this.#framing.end())
      const response = await this.#upload.finish()
      if (response.status !== 200) throw await refused(response)
      // Read to its end, so that the connection serves again.
      await response.collect(MAX_ERROR_BODY)
      return this.#read(response)
    } catch (error) {
      return this.#explain(error)
    }
  }

  abort(): void {
    this.#upload.abort()
  }

  /** A store that answers before it has the whole request refuses it, and says why. */
  async #explain(error: unknown): Promise<never> {
    if (!(error instanceof AnsweredEarly)) throw this.#failure(error)
    try {
      throw await refused(await this.#upload.finish())
    } catch (why) {
      throw this.#failure(why)
    }
  }

  #failure(error: unknown): Error {
    const failure = unavailable(error)
    this.#connection.watch(failure)
    return failure
  }
}

async function refused(response: Response): Promise<Error> {
  const { status, headers } = response
  const body = await response.collect(MAX_ERROR_BODY).catch(error => {
    // A store that answers before it has the payload closes the connection, and its document may be lost with that.
    // That a condition failed, the status says alone.
    if (status === 412) return NO_DOCUMENT
    throw error
  })
  return refusal({ status, headers, body }, 'NoSuchKey')
}

const NO_DOCUMENT = new Uint8Array(0)
