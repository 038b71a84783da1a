import type { Attributes, NewObject } from '../store/store.ts'
import { clientETag } from './etag.ts'
import { getObject } from './get.ts'
import { newDek } from './new-object.ts'
import type { ObjectName, PlainBody, PutAnswer, ReadableObject } from './object.ts'
import { bodyOf } from './plain-bodies.ts'
import { putUnder } from './put.ts'
import { resealParts } from './reseal-parts.ts'
import type { Room } from './room.ts'
import { taggingOf } from './tagging.ts'

/** Why an object stays as it is: nobody may overwrite it, or nobody can read it at once. */
export type Unwritable = 'locked' | 'archived'

/** @param now milliseconds since 1970 */
export function unwritable(attributes: Attributes, now: number): Unwritable | undefined {
  if (attributes['x-amz-object-lock-legal-hold'] === 'ON' || isRetained(attributes, now)) return 'locked'
  const restored = attributes['x-amz-restore']?.includes('ongoing-request="false"') ?? false
  const away =
    ARCHIVES.includes(attributes['x-amz-storage-class'] ?? '') || attributes['x-amz-archive-status']
  return away && !restored ? 'archived' : undefined
}

/** Storage classes that are read only after a restore (Amazon S3 User Guide, "Archive retrieval"). */
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE']

function isRetained(attributes: Attributes, now: number): boolean {
  const until = attributes['x-amz-object-lock-retain-until-date']
  // A date that is none is an adversary's: what cannot be judged is left alone.
  return until !== undefined && !(Date.parse(until) <= now)
}

/**
 * Writes an object anew in its place, under a DEK that was never used and the bucket's current group key. Its
 * headers, tags, storage class, checksum and parts stay what they were; its ETag and date change. Its object
 * lock has ended, or `unwritable` would have kept it.
 * @param etag the store's: whoever wrote the object since wins, and keeps what he wrote
 * @param onDek hears the new DEK's commitment before the store hears of the object
 * @throws ObjectError, StoreError `PreconditionFailed` or `NoSuchKey` where it was written or deleted since,
 *   `NotImplemented` where the store obeys no conditions; StoreUnavailable, NoLease
 */
export async function reencryptObject(
  room: Room,
  name: ObjectName,
  etag: string,
  onDek: (commitment: Uint8Array) => Promise<void>,
): Promise<PutAnswer> {
  const unchanged = { ifMatch: clientETag(etag) }
  const source = await getObject(room, name, { conditions: unchanged, checksum: true })
  const dek = newDek(room)
  try {
    await onDek(dek.commitment())
    const { versionId: _, ...to } = name
    const put = {
      headers: source.headers,
      settings: { ...settingsOf(source.attributes), ...(await taggingOf(room, name)) },
      conditions: unchanged,
    }
    return await (source.parts === undefined
      ? putUnder(room, dek, to, put, sameBody(source))
      : resealParts(room, dek, to, put, source, source.parts))
  } catch (error) {
    source.discard()
    throw error
  } finally {
    dek.wipe()
  }
}

/** The plaintext as it passes; its checksum is known, since the summary that holds it was authenticated. */
const sameBody = (source: ReadableObject): PlainBody => ({
  ...bodyOf(source),
  checksumAlgorithm: source.checksum?.algorithm,
  checksum: () => source.checksum,
})

function settingsOf(attributes: Attributes): NewObject['settings'] {
  const storageClass = attributes['x-amz-storage-class']
  return storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }
}
