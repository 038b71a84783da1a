import { timingSafeEqual } from 'node:crypto'
import type { RecordedPart } from '../registry/path/parts.ts'
import type { Upload, UploadResult } from '../registry/path/uploads.ts'
import { Layout } from '../seal/layout.ts'
import { largestPlaintext } from '../seal/lengths.ts'
import { readStoredHeaders } from '../seal/metadata.ts'
import { sealTrailer } from '../seal/trailer.ts'
import { StoreError } from '../store/errors.ts'
import type { Published, StoredPart, WriteConditions } from '../store/store.ts'
import type { Checksum, ChecksumType } from './checksum.ts'
import { chooseParts, type ListedPart, objectChecksum } from './chosen-parts.ts'
import { ObjectError } from './errors.ts'
import { clientETag, storeConditions, storeETag } from './etag.ts'
import { newTrailerNonces } from './new-object.ts'
import type { ObjectName, PutAnswer } from './object.ts'
import { emptyBody } from './plain-bodies.ts'
import { expectSize, putObject } from './put.ts'
import { addressOf, type Room } from './room.ts'
import type { Unsealed } from './unsealed.ts'
import { findUpload, noSuchUpload, unsealUpload, uploadChecksum } from './upload.ts'

export interface CompleteUpload {
  /** As the client lists them: some may be left out. ETags in the client's form. */
  readonly parts: readonly ListedPart[]
  /** The whole object's checksum, where the client states it. */
  readonly checksum?: Checksum
  readonly checksumType?: ChecksumType
  /** Plaintext bytes of the whole object, where the client states them. */
  readonly size?: number
  readonly conditions: WriteConditions
}
export interface CompleteAnswer extends PutAnswer {
  readonly checksum?: Checksum
}

/**
 * Makes an object of the parts that the client lists: seals table and summary over exactly these, sends them
 * behind the last, and lets the store publish. Asking again after it succeeded gives the same answer.
 */
export async function completeUpload(
  room: Room,
  name: ObjectName,
  uploadId: string,
  complete: CompleteUpload,
): Promise<CompleteAnswer> {
  const upload = await findUpload(room, name, uploadId)
  const request = complete.parts.map(part => `${part.number}:${part.etag}`).join(' ')
  if (upload.result !== undefined) return repeated(upload, upload.result, request)
  const parts = await chooseParts(room, upload, complete.parts)
  expectSize(total(parts), largestPlaintext(room.limits.storeObject))
  expectStated(complete, upload, parts)
  const checksum = objectChecksum(upload, parts, complete.checksum)
  const unsealed = await unsealUpload(room, name, upload)
  try {
    const published =
      total(parts) === 0
        ? await publishNothing(room, name, upload, unsealed, complete.conditions)
        : await publish(room, name, upload, unsealed, parts, checksum, complete.conditions)
    const result = { ...published, ...(checksum && { checksum }), request }
    await room.registry.uploads.complete(uploadId, result)
    return answer(upload, result)
  } finally {
    unsealed.dek.wipe()
  }
}

/** @throws ObjectError `InvalidRequest`, in S3's words, where the client states another size or kind of checksum */
function expectStated(
  { size, checksumType }: CompleteUpload,
  upload: Upload,
  parts: readonly RecordedPart[],
): void {
  const kind = uploadChecksum(upload)
  if (checksumType !== undefined && kind !== undefined && checksumType !== kind.type)
    throw new ObjectError(
      'InvalidRequest',
      `The upload was created using the ${kind.type} checksum mode. The complete request must use the same checksum mode.`,
    )
  if (size !== undefined && size !== total(parts))
    throw new ObjectError(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${size} does not match what was computed: ${total(parts)}`,
    )
}

async function publish(
  room: Room,
  name: ObjectName,
  upload: Upload,
  { dek }: Unsealed,
  parts: readonly RecordedPart[],
  checksum: Checksum | undefined,
  conditions: WriteConditions,
): Promise<Published> {
  const layout = Layout.multipart(parts.map(asRow))
  const trailer = sealTrailer(dek, layout, checksum ? { checksum } : {}, newTrailerNonces(room))
  const last = parts.at(-1)!
  const held = last.heldLength === undefined ? undefined : await room.registry.parts.held(last.sequence)
  const number = held === undefined ? last.number + 1 : last.number
  try {
    const end = await sendPart(
      room,
      name,
      upload.id,
      number,
      held === undefined ? [trailer] : [held, trailer],
    )
    const stored = [...parts.filter(part => part.number < number), end]
    return await room.store.completeUpload(
      addressOf(room, name),
      upload.id,
      stored.map(({ number, etag }) => ({ number, etag })),
      storeConditions(conditions),
    )
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'NoSuchUpload') throw error
    return publishedBefore(room, name, upload)
  }
}

/** Sends bytes that are sealed already as one part at the store. */
export async function sendPart(
  room: Room,
  name: ObjectName,
  uploadId: string,
  number: number,
  pieces: readonly Uint8Array[],
): Promise<StoredPart> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const writer = await room.store.putPart(addressOf(room, name), uploadId, number, length)
  try {
    await writer.write(pieces)
    return { number, etag: (await writer.finish()).etag }
  } catch (error) {
    writer.abort()
    throw error
  }
}

/**
 * An empty object must stay empty at the store, and S3 has no empty upload: it becomes a plain object, under
 * a DEK of its own.
 */
async function publishNothing(
  room: Room,
  name: ObjectName,
  upload: Upload,
  { metadata }: Unsealed,
  conditions: WriteConditions,
): Promise<Published> {
  const { settings } = upload.sealedMetadata
  const put = { headers: metadata.headers, settings: settings ?? {}, conditions }
  const { etag, attributes } = await putObject(room, name, put, emptyBody())
  await room.store.abortUpload(addressOf(room, name), upload.id)
  return { etag: storeETag(etag)!, attributes }
}

/**
 * The store knows the upload no more, though we never recorded its end: it was completed, and we or the
 * connection died before the answer. Then the object carries this upload's very envelope.
 */
async function publishedBefore(room: Room, name: ObjectName, upload: Upload): Promise<Published> {
  const head = await room.store.head(addressOf(room, name), {}).catch(error => {
    if (error instanceof StoreError && error.status === 404) throw noSuchUpload()
    throw error
  })
  const commitment = readStoredHeaders(head)?.envelope.commitment
  const ours = readStoredHeaders(upload.sealedMetadata)!.envelope.commitment
  if (commitment === undefined || !timingSafeEqual(commitment, ours)) throw noSuchUpload()
  return { etag: head.etag, attributes: head.attributes }
}

function repeated(upload: Upload, result: UploadResult, request: string): CompleteAnswer {
  if (result.request !== request) throw noSuchUpload()
  return answer(upload, result)
}

function answer(upload: Upload, result: UploadResult): CompleteAnswer {
  const { envelope } = readStoredHeaders(upload.sealedMetadata)!
  return {
    etag: clientETag(result.etag),
    groupKeyId: Buffer.from(envelope.groupKeyId).toString('hex'),
    attributes: result.attributes,
    ...(result.checksum && { checksum: result.checksum as Checksum }),
  }
}

const asRow = ({ number, plainLength, salt, prefix, checksum }: RecordedPart) => ({
  number,
  size: plainLength,
  header: { salt, noncePrefix: prefix },
  ...(checksum && { checksum: checksum.value }),
})

const total = (parts: readonly RecordedPart[]): number =>
  parts.reduce((sum, part) => sum + part.plainLength, 0)
