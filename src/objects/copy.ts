import type { Shape } from '../seal/envelope.ts'
import { SEGMENT } from '../seal/lengths.ts'
import { StoreError } from '../store/errors.ts'
import {
  ALWAYS_CHECKSUMMED,
  type CopyConditions,
  type NewObject,
  type Published,
  type ReadConditions,
} from '../store/store.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import { ObjectError } from './errors.ts'
import { clientETag, storeConditions } from './etag.ts'
import { getObject } from './get.ts'
import { inspectByHead } from './head.ts'
import type { Inspected } from './inspect.ts'
import { sealHead } from './new-object.ts'
import type { ObjectHeaders, ObjectName, PutAnswer } from './object.ts'
import { rereading } from './pinned.ts'
import { bodyOf, digested } from './plain-bodies.ts'
import { putObject } from './put.ts'
import { addressOf, type Room } from './room.ts'
import { taggingOf } from './tagging.ts'
import { type UploadedPart, uploadPart } from './upload-part.ts'

export interface CopyObject {
  /** The new object's headers; the source's where they are left out. */
  readonly headers?: ObjectHeaders
  /** Fields beside the source's headers, of those that S3 never copies. */
  readonly notCopied?: ObjectHeaders
  readonly settings: NewObject['settings']
  /** On the source; on the destination under `destination`. */
  readonly conditions: CopyConditions
  readonly checksumAlgorithm?: ChecksumAlgorithm
}
export interface CopyAnswer extends PutAnswer {
  readonly lastModified: Date
}

/**
 * Copies an object. Inside a tenant the store copies the payload, which keeps its DEK: the DEK is wrapped and
 * the metadata sealed for the new name. Across tenants, or for a checksum that the source does not hold, the
 * payload is opened and sealed anew.
 */
export async function copyObject(
  room: Room,
  from: ObjectName,
  to: ObjectName,
  copy: CopyObject,
): Promise<CopyAnswer> {
  expectChange(from, to, copy)
  return rereading(async () => {
    const { destination = {}, ...source } = copy.conditions
    const seen = await inspectSource(room, from, source, true)
    const algorithm = seen.unsealed.metadata.checksum?.algorithm
    const sameChecksum = copy.checksumAlgorithm === undefined || copy.checksumAlgorithm === algorithm
    if (from.tenant === to.tenant && sameChecksum && isListedRightly(seen))
      return copyInStore(room, from, to, copy, seen)
    seen.unsealed.dek.wipe()
    return copyThrough(room, from, to, { ...copy, conditions: { destination } }, seen)
  })
}

/**
 * Whether listings will tell the truth of a copy by the store, which makes one object of one that came in parts:
 * a checksum of parts' checksums is none of the object, and short objects are always listed with one.
 */
const isListedRightly = ({ head, unsealed: { envelope, metadata } }: Inspected): boolean =>
  envelope.kind === 'single' || metadata.checksum?.type === 'FULL_OBJECT' || head.length > ALWAYS_CHECKSUMMED

export interface PartCopy {
  readonly from: ObjectName
  /** Plaintext bytes of the source; all of it where left out. */
  readonly range?: { readonly first: number; readonly last: number }
  readonly conditions: ReadConditions
}

export interface CopiedPart extends UploadedPart {
  readonly sourceVersionId?: string
}

/** Copies an object, or a range of it, into a part: through the proxy, since a part has a salt of its own. */
export async function uploadPartCopy(
  room: Room,
  to: ObjectName,
  uploadId: string,
  number: number,
  { from, range, conditions }: PartCopy,
): Promise<CopiedPart> {
  const source = await asCopySource(() =>
    getObject(room, from, { conditions, checksum: false, ...(range && { range }) }),
  )
  try {
    if (range !== undefined && range.last >= source.size)
      throw new ObjectError(
        'InvalidRange',
        `The range ends behind the source, which has ${source.size} bytes.`,
        { ActualObjectSize: String(source.size) },
      )
    const part = await uploadPart(room, to, uploadId, number, bodyOf(source), true)
    const sourceVersionId = source.attributes['x-amz-version-id']
    return { ...part, ...(sourceVersionId !== undefined && { sourceVersionId }) }
  } catch (error) {
    source.discard()
    throw error
  }
}

async function inspectSource(
  room: Room,
  from: ObjectName,
  conditions: ReadConditions,
  checksum: boolean,
): Promise<Inspected> {
  return asCopySource(() => inspectByHead(room, from, conditions, checksum))
}

/** A copy's condition that fails is 412, also where a GET would be answered with 304. */
async function asCopySource<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StoreError && error.status === 304) throw new StoreError('PreconditionFailed', 412)
    throw error
  }
}

async function copyInStore(
  room: Room,
  from: ObjectName,
  to: ObjectName,
  copy: CopyObject,
  { head, unsealed, size, summary }: Inspected,
): Promise<CopyAnswer> {
  const { dek, envelope, metadata } = unsealed
  try {
    const shape: Shape =
      envelope.kind === 'single' ? { kind: 'single', header: envelope.header } : { kind: 'multipart' }
    const sealed = await sealHead(
      room,
      to,
      dek,
      shape,
      {
        headers: newHeaders(copy, metadata.headers),
        ...(envelope.kind === 'single' && { size }),
        ...(metadata.checksum && { checksum: metadata.checksum }),
      },
      copy.settings,
    )
    const object = { ...sealed.object, ...(metadata.checksum && { checksum: metadata.checksum }) }
    const published = await copyPayload(room, from, to, object, head, copy.conditions)
    return {
      etag: clientETag(published.etag),
      lastModified: published.lastModified ?? new Date(room.now()),
      groupKeyId: sealed.groupKeyId,
      attributes: published.attributes,
      ...(summary?.checksum && { checksum: summary.checksum }),
    }
  } finally {
    dek.wipe()
  }
}

/** Headers that a copy has from its own request alone (Amazon S3 API Reference, CopyObject). */
export const NOT_COPIED: readonly string[] = [
  'x-amz-website-redirect-location',
  'x-amz-server-side-encryption',
]

function newHeaders({ headers, notCopied = [] }: CopyObject, source: ObjectHeaders): ObjectHeaders {
  return headers ?? [...source.filter(([name]) => !NOT_COPIED.includes(name)), ...notCopied]
}

/** The store copies the ciphertext of the very object that was inspected, over its limit in ranges. */
async function copyPayload(
  room: Room,
  from: ObjectName,
  to: ObjectName,
  object: NewObject,
  head: Inspected['head'],
  { destination }: CopyConditions,
): Promise<Published> {
  const source = addressOf(room, from)
  const target = addressOf(room, to)
  const written = destination && storeConditions(destination)
  if (head.length <= room.limits.storeCopy)
    return room.store.copy(source, target, object, {
      ifMatch: head.etag,
      ...(written && { destination: written }),
    })
  const settings = await ownSettings(room, from, object.settings)
  const uploadId = await room.store.createUpload(target, { ...object, settings })
  try {
    const parts = []
    const step = Math.floor(room.limits.storeCopy / SEGMENT) * SEGMENT
    for (let first = 0; first < head.length; first += step) {
      const last = Math.min(first + step, head.length) - 1
      const number: number = parts.length + 1
      const { etag } = await room.store.copyPart(source, { first, last }, target, uploadId, number, head.etag)
      parts.push({ number, etag })
    }
    return await room.store.completeUpload(target, uploadId, parts, written ?? {})
  } catch (error) {
    await room.store.abortUpload(target, uploadId)
    throw error
  }
}

async function copyThrough(
  room: Room,
  from: ObjectName,
  to: ObjectName,
  copy: CopyObject,
  { head, unsealed }: Inspected,
): Promise<CopyAnswer> {
  const algorithm = copy.checksumAlgorithm ?? unsealed.metadata.checksum?.algorithm
  const source = await getObject(room, from, {
    conditions: { ifMatch: clientETag(head.etag) },
    checksum: false,
  })
  try {
    const put = {
      headers: newHeaders(copy, source.headers),
      settings: await ownSettings(room, from, copy.settings),
      conditions: copy.conditions.destination ?? {},
    }
    const plain = bodyOf(source)
    const body = algorithm === undefined ? plain : digested(plain, algorithm)
    const answer = await putObject(room, to, put, body)
    return { ...answer, lastModified: new Date(room.now()) }
  } catch (error) {
    source.discard()
    throw error
  }
}

/**
 * The settings of a copy that the store does not make at a stroke. Tags come along with the payload unless the request
 * replaces them, and without that directive it has none of its own (Amazon S3 API Reference, CopyObject).
 */
async function ownSettings(
  room: Room,
  from: ObjectName,
  settings: NewObject['settings'],
): Promise<NewObject['settings']> {
  const { 'x-amz-tagging-directive': directive, 'x-amz-tagging': tagging, ...others } = settings
  if (directive !== 'REPLACE') return { ...others, ...(await taggingOf(room, from)) }
  return { ...others, ...(tagging !== undefined && { 'x-amz-tagging': tagging }) }
}

/** @throws ObjectError `InvalidRequest`, in S3's words */
function expectChange(from: ObjectName, to: ObjectName, copy: CopyObject): void {
  const same = from.tenant === to.tenant && from.bucket === to.bucket && from.key === to.key
  if (!same || from.versionId !== undefined || copy.headers !== undefined) return
  if (copy.notCopied !== undefined && copy.notCopied.length > 0) return
  if (copy.settings['x-amz-storage-class'] !== undefined) return
  throw new ObjectError(
    'InvalidRequest',
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  )
}
