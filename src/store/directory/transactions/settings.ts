import type { RetentionMode } from '../../lock.ts'
import type { ChecksumKind, NewObject, Tag } from '../../store.ts'
import { refuse } from '../refusals.ts'
import type { BucketRow } from './find-bucket.ts'
import { defaultRetention, parseRetention } from './retention.ts'
import { parseTagging } from './tags.ts'

/** What a version carries beside its payload, as the index holds it. */
export interface VersionSettings {
  readonly metadata: string
  readonly contentDisposition: string | null
  readonly storageClass: string | null
  readonly checksumAlgorithm: string | null
  readonly checksumType: ChecksumKind['type'] | null
  /** JSON of `Tag[]`, `null` for none. */
  readonly tags: string | null
  readonly lockMode: RetentionMode | null
  readonly lockUntil: number | null
  readonly legalHold: number | null
}

/** Classes that S3 reads without a restore. All are stored alike; the name is given back. */
const CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]

/** ACLs that say what holds anyhow: a bucket and all in it are its owner's alone. */
const OWN_ACLS = ['private', 'bucket-owner-full-control', 'bucket-owner-read']

/** Reads what a request says about its new object. @throws StoreError */
export function readSettings(bucket: BucketRow, object: NewObject, now: number): VersionSettings {
  const { settings } = object
  for (const [name, value] of Object.entries(settings))
    if (name.startsWith('x-amz-grant-') || (name === 'x-amz-acl' && !OWN_ACLS.includes(value)))
      throw refuse('NotImplemented')
  const storageClass = settings['x-amz-storage-class'] ?? 'STANDARD'
  if (!CLASSES.includes(storageClass)) throw refuse('InvalidStorageClass')
  const retention = parseRetention(settings, bucket, now) ?? defaultRetention(bucket, now)
  return {
    metadata: JSON.stringify(object.metadata),
    contentDisposition: object.contentDisposition ?? null,
    storageClass: storageClass === 'STANDARD' ? null : storageClass,
    checksumAlgorithm: object.checksum?.algorithm ?? null,
    checksumType: object.checksum?.type ?? null,
    tags: tagsText(parseTagging(settings['x-amz-tagging'] ?? '')),
    lockMode: retention?.mode ?? null,
    lockUntil: retention?.until ?? null,
    legalHold: parseLegalHold(settings['x-amz-object-lock-legal-hold'], bucket),
  }
}

function parseLegalHold(value: string | undefined, bucket: BucketRow): number | null {
  if (value === undefined) return null
  if (value !== 'ON' && value !== 'OFF') throw refuse('InvalidArgument')
  if (!bucket.object_lock) throw refuse('InvalidRequest')
  return value === 'ON' ? 1 : 0
}

function tagsText(tags: readonly Tag[]): string | null {
  return tags.length === 0 ? null : JSON.stringify(tags)
}
