import { randomBytes } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import { StoreError, StoreUnavailable } from '../errors.ts'
import type { Address, NewObject, ObjectWriter } from '../store.ts'
import { buckets } from './buckets.ts'
import type { Abilities, Connection } from './connection.ts'
import { control } from './control.ts'
import type { PayloadForm } from './framing.ts'
import { multipart } from './multipart.ts'
import { readHttpDate } from './object-headers.ts'
import { objects } from './objects.ts'
import { payloads } from './payloads.ts'
import { putCutShort } from './short-put.ts'

/**
 * Finds out at start what a store does, since stores differ where their documents agree. All of it happens to
 * one object, in a bucket made for the purpose and removed again, or in one that is named.
 */

/** What the probe found. */
export interface Findings extends Abilities {
  /** Milliseconds that the store's clock is ahead of ours. */
  readonly clockSkew: number
  /** It makes an object of a PUT that was cut short: a client that breaks off harms the object that was there. */
  readonly publishesShortPuts: boolean
}

/** A store that Treuhand cannot keep its promises with. */
export class StoreUnfit extends Error {
  override readonly name = 'StoreUnfit'
  readonly code: 'publishes-short-puts' | 'takes-no-trailer' | 'no-bucket-to-probe'

  constructor(code: StoreUnfit['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface ProbeSettings {
  /** An existing bucket to probe in, for credentials that must not create one. */
  readonly bucket?: string
  readonly region: string
  readonly trust: SecureContextOptions
}

/** @throws StoreUnfit, StoreUnavailable */
export async function probe(connection: Connection, settings: ProbeSettings): Promise<Findings> {
  const clockSkew = await readClockSkew(connection)
  if (settings.bucket !== undefined)
    return { clockSkew, ...(await probeIn(connection, settings.bucket, settings.trust)) }
  const { createBucket, deleteBucket } = buckets(connection, settings.region)
  const bucket = `treuhand-probe-${randomBytes(8).toString('hex')}`
  try {
    await createBucket(bucket, {})
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreUnfit(
      'no-bucket-to-probe',
      `The store does not let us create a bucket to probe it in (${error.code}). Name one that may be used for it.`,
    )
  }
  try {
    return { clockSkew, ...(await probeIn(connection, bucket, settings.trust)) }
  } finally {
    await deleteBucket(bucket)
  }
}

async function readClockSkew(connection: Connection): Promise<number> {
  const { headers } = await control(connection, { method: 'GET' })
  const date = headers.get('date')
  return date === undefined ? 0 : readHttpDate(date).getTime() - Date.now()
}

const CONTENT = Buffer.from('Treuhand looks whether this store keeps what it is told to keep.\n')
const NEW: NewObject = { metadata: {}, settings: {} }
/** An ETag that no object has. */
const OTHER_ETAG = '00000000000000000000000000000000'

/** All conditions count as obeyed while they are tried. */
const TRYING: Abilities = {
  objectForm: 'unsigned-trailer',
  partForm: 'unsigned-trailer',
  checksums: [],
  conditions: { put: true, complete: true, delete: true, 'copy-source': true },
}

async function probeIn(
  base: Connection,
  bucket: string,
  trust: SecureContextOptions,
): Promise<Omit<Findings, 'clockSkew'>> {
  const at = { bucket, key: `treuhand-probe-${randomBytes(8).toString('hex')}` }
  const objectForm = await findObjectForm(base, at)
  const connection = { ...base, abilities: { ...TRYING, objectForm } }
  const { head, copy, delete: remove } = objects(connection)
  try {
    const { etag } = await head(at, {})
    await putCutShort(connection, bucket, at.key, trust)
    const publishesShortPuts = (await head(at, {})).length !== CONTENT.length
    if (publishesShortPuts) await put(connection, at, {})

    const partForm = await findPartForm(connection, at)
    const conditions = {
      put:
        (await isObeyed(() => put(connection, at, { ifNoneMatch: '*' }))) &&
        (await isObeyed(() => put(connection, at, { ifMatch: OTHER_ETAG }))),
      complete: await isCompleteConditional(
        { ...connection, abilities: { ...TRYING, objectForm, partForm } },
        at,
      ),
      'copy-source': await isObeyed(() => copy(at, at, NEW, { ifMatch: OTHER_ETAG })),
      delete: etag !== OTHER_ETAG && (await isObeyed(() => remove(at, { ifMatch: OTHER_ETAG }))),
    }
    const checksums = await findChecksums(connection, at)
    return { objectForm, partForm, checksums, publishesShortPuts, conditions }
  } finally {
    await remove(at, {})
  }
}

/** The first form in which the store takes an object and its trailing checksum. */
async function findObjectForm(base: Connection, at: Address): Promise<PayloadForm> {
  for (const objectForm of ['unsigned-trailer', 'signed-trailer'] as const)
    if (await isTaken(() => put({ ...base, abilities: { ...TRYING, objectForm } }, at, {}))) return objectForm
  throw new StoreUnfit(
    'takes-no-trailer',
    'The store takes no upload with a checksum behind it, so an upload that breaks off could harm the object that was there. Use a store that knows x-amz-trailer.',
  )
}

/**
 * The form of parts. A number other than 1 is tried, since some stores want parts with checksums numbered
 * without a gap (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompletedPart.html).
 */
async function findPartForm(connection: Connection, at: Address): Promise<PayloadForm> {
  const form = connection.abilities.objectForm
  const abilities = { ...connection.abilities, partForm: form }
  return (await isTaken(() => upload({ ...connection, abilities }, at, {}))) ? form : 'plain'
}

/** The checksums that the store takes behind an object. */
async function findChecksums(base: Connection, at: Address): Promise<string[]> {
  const taken: string[] = []
  for (const { algorithm } of base.checksums) {
    const connection = { ...base, abilities: { ...base.abilities, checksums: [algorithm] } }
    if (await isTaken(() => put(connection, at, {}, algorithm))) taken.push(algorithm)
  }
  return taken
}

async function isCompleteConditional(connection: Connection, at: Address): Promise<boolean> {
  return isObeyed(() => upload(connection, at, { ifNoneMatch: '*' }))
}

async function put(
  connection: Connection,
  at: Address,
  conditions: { ifMatch?: string; ifNoneMatch?: string },
  algorithm?: string,
) {
  const checksum = algorithm && ({ algorithm, type: 'FULL_OBJECT' } as const)
  const object = { ...NEW, ...(checksum && { checksum }) }
  await write(await payloads(connection).put(at, object, CONTENT.length, conditions))
}

/** Uploads the object in one part, numbered 2. */
async function upload(
  connection: Connection,
  at: Address,
  conditions: { ifNoneMatch?: string },
): Promise<void> {
  const { createUpload, completeUpload, abortUpload } = multipart(connection)
  const id = await createUpload(at, NEW)
  try {
    const { etag } = await write(await payloads(connection).putPart(at, id, 2, CONTENT.length))
    await completeUpload(at, id, [{ number: 2, etag }], conditions)
  } catch (error) {
    await abortUpload(at, id)
    throw error
  }
}

async function write<T extends { etag: string }>(
  writer: Pick<ObjectWriter, 'write'> & { finish(): Promise<T> },
) {
  await writer.write([CONTENT])
  return await writer.finish()
}

/** A condition that does not hold is obeyed if the store says so; whatever else it says, it is not relied on. */
async function isObeyed(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request()
    return false
  } catch (error) {
    if (error instanceof StoreError) return error.code === 'PreconditionFailed'
    throw error
  }
}

/** Whether the store takes a form, or refuses it by any word. */
async function isTaken(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request()
    return true
  } catch (error) {
    const refused =
      error instanceof StoreError || (error instanceof StoreUnavailable && error.reason === 'protocol')
    if (refused) return false
    throw error
  }
}
