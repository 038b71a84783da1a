import type { Checksum } from './checksum.ts'
import { clientETag } from './etag.ts'
import type { ObjectName } from './object.ts'
import type { Room } from './room.ts'
import { findOpenUpload, type UploadChecksum, uploadChecksum } from './upload.ts'

export interface PartPage {
  /** Parts with a number above this one. */
  readonly after: number
  readonly limit: number
}

export interface PartListing {
  readonly parts: readonly {
    readonly number: number
    readonly etag: string
    /** Plaintext bytes. */
    readonly size: number
    readonly lastModified: Date
    readonly checksum?: Pick<Checksum, 'algorithm' | 'value'>
  }[]
  readonly truncated: boolean
  readonly checksum?: UploadChecksum
}

/** The parts of an upload so far, from the registry: held ones and those at the store alike. */
export async function listParts(
  room: Room,
  name: ObjectName,
  uploadId: string,
  { after, limit }: PartPage,
): Promise<PartListing> {
  const upload = await findOpenUpload(room, name, uploadId)
  const recorded = await room.registry.parts.latest(uploadId, after, limit + 1)
  const checksum = uploadChecksum(upload)
  return {
    parts: recorded.slice(0, limit).map(part => ({
      number: part.number,
      etag: clientETag(part.etag),
      size: part.plainLength,
      lastModified: part.recorded,
      ...(part.checksum && { checksum: part.checksum as Pick<Checksum, 'algorithm' | 'value'> }),
    })),
    truncated: recorded.length > limit,
    ...(checksum && { checksum }),
  }
}
