import type { PathRegistryError } from '../registry/path/errors.ts'
import type { Upload } from '../registry/path/uploads.ts'
import type { ChecksumKind, NewObject } from '../store/store.ts'
import type { ChecksumAlgorithm } from './checksum.ts'
import { ObjectError } from './errors.ts'
import { newDek, sealHead } from './new-object.ts'
import type { ObjectHeaders, ObjectName } from './object.ts'
import { addressOf, type Room } from './room.ts'
import { type Unsealed, unsealHeaders } from './unsealed.ts'

export interface CreateUpload {
  readonly headers: ObjectHeaders
  readonly settings: NewObject['settings']
  readonly checksum?: UploadChecksum
}
/** The checksum that all parts of an upload carry, and what becomes of them in the object. */
export interface UploadChecksum extends ChecksumKind {
  readonly algorithm: ChecksumAlgorithm
}

/**
 * Begins an upload: its envelope and sealed metadata are made now and go to the store with it.
 * @returns the upload's id, which is the store's
 */
export async function createUpload(
  room: Room,
  name: ObjectName,
  { headers, settings, checksum }: CreateUpload,
): Promise<{ uploadId: string; groupKeyId: string }> {
  const at = addressOf(room, name)
  const dek = newDek(room)
  try {
    const metadata = { headers, ...(checksum && { checksum }) }
    const sealed = await sealHead(room, name, dek, { kind: 'multipart' }, metadata, settings)
    const uploadId = await room.store.createUpload(at, { ...sealed.object, ...(checksum && { checksum }) })
    await room.registry.uploads.create({
      id: uploadId,
      tenant: name.tenant,
      bucket: name.bucket,
      key: name.key,
      storeBucket: at.bucket,
      envelope: sealed.envelope.bytes,
      sealedMetadata: sealed.object,
      ...(checksum && { checksum }),
    })
    return { uploadId, groupKeyId: sealed.groupKeyId }
  } finally {
    dek.wipe()
  }
}

/** @throws ObjectError `NoSuchUpload` where there is none of that id for this very name */
export async function findUpload(room: Room, name: ObjectName, uploadId: string): Promise<Upload> {
  const upload = await room.registry.uploads.find(uploadId)
  const { tenant, bucket, key } = name
  if (upload === undefined || upload.tenant !== tenant || upload.bucket !== bucket || upload.key !== key)
    throw noSuchUpload()
  return upload
}

/** @throws ObjectError `NoSuchUpload` also where it was completed */
export async function findOpenUpload(room: Room, name: ObjectName, uploadId: string): Promise<Upload> {
  const upload = await findUpload(room, name, uploadId)
  if (upload.result !== undefined) throw noSuchUpload()
  return upload
}

/** The upload's DEK and metadata, under the group key that it began with. */
export const unsealUpload = (room: Room, name: ObjectName, upload: Upload): Promise<Unsealed> =>
  unsealHeaders(room, name, upload.sealedMetadata)

export const uploadChecksum = (upload: Upload): UploadChecksum | undefined =>
  upload.checksum as UploadChecksum | undefined

/**
 * Ends an upload without an object.
 * @param ifInitiated only if it was begun at this time, as a listing of uploads tells it
 */
export async function abortUpload(
  room: Room,
  name: ObjectName,
  uploadId: string,
  ifInitiated?: Date,
): Promise<void> {
  const { created } = await findOpenUpload(room, name, uploadId)
  if (ifInitiated !== undefined && !isTimeOf(ifInitiated, created))
    throw new ObjectError('PreconditionFailed', 'The upload was not begun at that time.')
  await room.store.abortUpload(addressOf(room, name), uploadId)
  await room.registry.uploads.remove(uploadId)
}

/** The client knows the store's time, in whole seconds; the registry heard of the upload a moment later. */
function isTimeOf(stated: Date, created: Date): boolean {
  const seconds = (time: Date) => Math.floor(time.getTime() / 1000)
  const later = seconds(created) - seconds(stated)
  return later === 0 || later === 1
}

export const noSuchUpload = (): ObjectError =>
  new ObjectError('NoSuchUpload', 'There is no such upload: it was completed, aborted, or never begun.')

/** What the registry refused, in S3's words. */
export function asObjectError(error: PathRegistryError): ObjectError {
  switch (error.code) {
    case 'NoSuchUpload':
      return noSuchUpload()
    case 'UploadHoldsTooMuch':
      return new ObjectError('EntityTooSmall', error.message)
    case 'TenantHoldsTooMuch':
    case 'Duplicate':
      return new ObjectError('SlowDown', error.message)
  }
}
