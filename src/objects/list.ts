import { plaintextLength } from '../seal/lengths.ts'
import type {
  ListedObject,
  ListedUpload,
  Listing,
  ListQuery,
  UploadListing,
  UploadsQuery,
  VersionListing,
  VersionsQuery,
} from '../store/store.ts'
import { clientETag } from './etag.ts'
import type { Room } from './room.ts'
import type { UploadChecksum } from './upload.ts'

/**
 * Lists with the plaintext's sizes, by the inverse of the length rule: no request beyond the store's own.
 * Sizes and names in a listing are the store's word; only GET and HEAD authenticate them.
 */
export async function listObjects(room: Room, bucket: string, query: ListQuery): Promise<Listing> {
  const listing = await room.store.list(room.buckets.toStore(bucket), query)
  return { ...listing, objects: listing.objects.map(asPlaintext) }
}

/** The versions of objects, with plaintext sizes as in `listObjects`. */
export async function listVersions(
  room: Room,
  bucket: string,
  query: VersionsQuery,
): Promise<VersionListing> {
  const listing = await room.store.listVersions(room.buckets.toStore(bucket), query)
  return { ...listing, versions: listing.versions.map(asPlaintext) }
}

/** An upload under way, and the checksum that it was begun with. */
export interface OpenUpload extends ListedUpload {
  readonly checksum?: UploadChecksum
}
export interface OpenUploads extends Omit<UploadListing, 'uploads'> {
  readonly uploads: readonly OpenUpload[]
}

/** The uploads that the store has under way. What checksum each was begun with, only the path store knows. */
export async function listUploads(room: Room, bucket: string, query: UploadsQuery): Promise<OpenUploads> {
  const listing = await room.store.listUploads(room.buckets.toStore(bucket), query)
  const kinds = await room.registry.uploads.checksums(listing.uploads.map(({ uploadId }) => uploadId))
  const uploads = listing.uploads.map(upload => {
    const checksum = kinds.get(upload.uploadId) as UploadChecksum | undefined
    return { ...upload, ...(checksum && { checksum }) }
  })
  return { ...listing, uploads }
}

/** A length that no plaintext has belongs to a foreign object; it stands as it is, since it does not open anyway. */
const asPlaintext = <O extends ListedObject>(object: O): O => ({
  ...object,
  length: plaintextLength(object.length) ?? object.length,
  etag: clientETag(object.etag),
})
