import type { RecordedPart } from '../registry/path/parts.ts'
import type { Upload } from '../registry/path/uploads.ts'
import { MIN_PART } from '../seal/lengths.ts'
import { type Checksum, compositeChecksum, fullObjectChecksum } from './checksum.ts'
import { ObjectError } from './errors.ts'
import { clientETag, storeETag } from './etag.ts'
import type { Room } from './room.ts'
import { type UploadChecksum, uploadChecksum } from './upload.ts'

/** A part as the client lists it to complete an upload. */
export interface ListedPart {
  readonly number: number
  readonly etag: string
  readonly checksum?: Pick<Checksum, 'algorithm' | 'value'>
}

/**
 * The attempts that the client means. Only the latest attempt at a number counts, as in S3.
 * @throws ObjectError `InvalidPartOrder`, `InvalidPart`, `EntityTooSmall`
 */
export async function chooseParts(
  room: Room,
  upload: Upload,
  listed: readonly ListedPart[],
): Promise<RecordedPart[]> {
  if (listed.some((part, i) => i > 0 && part.number <= listed[i - 1]!.number))
    throw new ObjectError('InvalidPartOrder', 'The parts are not listed in ascending order.')
  const latest = new Map((await room.registry.parts.all(upload.id)).map(part => [part.number, part]))
  const parts = listed.map(({ number, etag, checksum }) => {
    const part = latest.get(number)
    if (part === undefined || part.etag !== storeETag(etag)) throw invalidPart(number, etag)
    expectPartChecksum(uploadChecksum(upload), part, checksum)
    return part
  })
  const small = parts.slice(0, -1).find(part => part.plainLength < MIN_PART)
  if (small !== undefined)
    throw new ObjectError('EntityTooSmall', `Part ${small.number} is under 5 MiB and not the last.`, {
      PartNumber: String(small.number),
      ETag: clientETag(small.etag),
      ProposedSize: String(small.plainLength),
      MinSizeAllowed: String(MIN_PART),
    })
  return parts
}

/** @throws ObjectError `InvalidPart`, `InvalidRequest`, `BadDigest`, in S3's words */
function expectPartChecksum(
  kind: UploadChecksum | undefined,
  part: RecordedPart,
  stated: ListedPart['checksum'],
): void {
  if (stated === undefined) {
    if (kind?.type !== 'COMPOSITE') return
    throw new ObjectError(
      'InvalidRequest',
      `The upload was created using a ${kind.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`,
    )
  }
  if (sameChecksum(stated, part.checksum)) return
  if (kind === undefined || kind.algorithm === stated.algorithm)
    throw invalidPart(part.number, clientETag(part.etag))
  throw new ObjectError(
    'BadDigest',
    `The ${stated.algorithm.toLowerCase()} you specified for part ${part.number} did not match what we received.`,
  )
}

/**
 * The whole object's checksum out of those of its parts; undefined where the upload was begun without one.
 * @throws ObjectError `BadDigest` where the client's checksum of the whole is another
 */
export function objectChecksum(
  upload: Upload,
  parts: readonly RecordedPart[],
  stated: Checksum | undefined,
): Checksum | undefined {
  const kind = uploadChecksum(upload)
  if (kind === undefined) return undefined
  const checksummed = parts.map(part => {
    if (part.checksum === undefined) throw invalidPart(part.number, clientETag(part.etag))
    return { value: part.checksum.value, length: part.plainLength }
  })
  const combine = kind.type === 'COMPOSITE' ? compositeChecksum : fullObjectChecksum
  const checksum = combine(kind.algorithm, checksummed)
  if (stated !== undefined && !sameChecksum(stated, checksum))
    throw new ObjectError(
      'BadDigest',
      `The ${stated.algorithm} you specified did not match the calculated checksum.`,
    )
  return checksum
}

const sameChecksum = (
  a: { algorithm: string; value: Uint8Array },
  b: { algorithm: string; value: Uint8Array } | undefined,
): boolean => b !== undefined && a.algorithm === b.algorithm && Buffer.compare(a.value, b.value) === 0

/** @param etag in the client's form */
const invalidPart = (number: number, etag: string): ObjectError =>
  new ObjectError('InvalidPart', `Part ${number} was not uploaded, was sent again since, or is another.`, {
    PartNumber: String(number),
    ETag: etag,
  })
