import type { Body, Writer } from '../wire/body.ts'
import type { DeletableDocument, DocumentName, DocumentPlace, NewDocument } from './documents.ts'
import type { LifecycleRule } from './lifecycle.ts'
import type { LockConfiguration, Retention } from './lock.ts'
import type { Tag } from './tag.ts'

export type { Tag }

/**
 * What Treuhand asks of an object store: ciphertext in, ciphertext out. Everything that comes back is an
 * adversary's word; the objects room believes none of it before a tag has verified.
 *
 * Bucket names here are the store's, keys are Unicode strings of at most 1,024 UTF-8 bytes, ETags come
 * without quotes, lengths are bytes of ciphertext.
 */
export interface Store {
  /**
   * @throws StoreError `BucketAlreadyOwnedByYou` where it is there already; whether a repeat counts as success
   *   (as in us-east-1) is the front's matter
   */
  createBucket(bucket: string, settings: BucketSettings): Promise<void>
  /** @throws StoreError `BucketNotEmpty`, `NoSuchBucket` */
  deleteBucket(bucket: string): Promise<void>
  headBucket(bucket: string): Promise<void>
  listBuckets(): Promise<StoredBucket[]>

  /** Begins an object of exactly `length` bytes. Nothing is visible before `finish`. */
  put(at: Address, object: NewObject, length: number, conditions: WriteConditions): Promise<ObjectWriter>
  head(at: Address, conditions: ReadConditions): Promise<StoredHead>
  /** `range` counts ciphertext bytes. The store may answer with the whole object: look at `StoredObject.range`. */
  get(at: Address, range: StoreRange | undefined, conditions: ReadConditions): Promise<StoredObject>
  delete(at: Address, conditions: DeleteConditions): Promise<Deleted>
  deleteMany(
    bucket: string,
    objects: readonly ObjectToDelete[],
    bypassGovernance: boolean,
  ): Promise<DeleteOutcome[]>
  /** Copies payload inside the store, under new metadata. `conditions.ifMatch` pins the source. */
  copy(from: Address, to: Address, object: NewObject, conditions: CopyConditions): Promise<Published>

  createUpload(at: Address, object: NewObject): Promise<string>
  putPart(at: Address, uploadId: string, number: number, length: number): Promise<PartWriter>
  /** Copies ciphertext bytes of an existing object into a part, inside the store. */
  copyPart(
    from: Address,
    range: { first: number; last: number },
    to: Address,
    uploadId: string,
    number: number,
    ifMatch: string,
  ): Promise<{ etag: string }>
  completeUpload(
    at: Address,
    uploadId: string,
    parts: readonly StoredPart[],
    conditions: WriteConditions,
  ): Promise<Published>
  abortUpload(at: Address, uploadId: string): Promise<void>

  list(bucket: string, query: ListQuery): Promise<Listing>
  listVersions(bucket: string, query: VersionsQuery): Promise<VersionListing>
  listUploads(bucket: string, query: UploadsQuery): Promise<UploadListing>

  getTags(at: Address): Promise<{ tags: Tag[]; versionId?: string }>
  putTags(at: Address, tags: readonly Tag[]): Promise<{ versionId?: string }>
  deleteTags(at: Address): Promise<{ versionId?: string }>

  /** `undefined`: the bucket never had versions. */
  getVersioning(bucket: string): Promise<Versioning | undefined>
  putVersioning(bucket: string, state: Versioning): Promise<void>

  /** @throws StoreError `ObjectLockConfigurationNotFoundError` where the bucket has no object lock */
  getLockConfiguration(bucket: string): Promise<LockConfiguration>
  putLockConfiguration(bucket: string, configuration: LockConfiguration): Promise<void>
  /** @throws StoreError `NoSuchObjectLockConfiguration` where the version has no retention */
  getRetention(at: Address): Promise<Retention>
  /** `undefined` takes the retention away, which needs a bypass unless it has ended. */
  putRetention(at: Address, retention: Retention | undefined, bypassGovernance: boolean): Promise<void>
  /** @throws StoreError `NoSuchObjectLockConfiguration` where the version never had a legal hold set */
  getLegalHold(at: Address): Promise<boolean>
  putLegalHold(at: Address, held: boolean): Promise<void>

  /** @throws StoreError `NoSuchLifecycleConfiguration` */
  getLifecycle(bucket: string): Promise<readonly LifecycleRule[]>
  putLifecycle(bucket: string, rules: readonly LifecycleRule[]): Promise<void>
  deleteLifecycle(bucket: string): Promise<void>

  /** @throws StoreError `NoSuchTagSet` */
  getBucketTags(bucket: string): Promise<Tag[]>
  putBucketTags(bucket: string, tags: readonly Tag[]): Promise<void>
  deleteBucketTags(bucket: string): Promise<void>

  /** A sub-resource as the store gives it, unread: an adversary wrote it. At most 64 KiB. */
  getDocument(place: DocumentPlace, name: DocumentName): Promise<string>
  putDocument(place: DocumentPlace, name: DocumentName, document: NewDocument): Promise<void>
  deleteDocument(bucket: string, name: DeletableDocument): Promise<void>

  close(): Promise<void>
}

/** An object, or one version of it, by the store's names. */
export interface Address {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
}

export interface StoredBucket {
  readonly name: string
  readonly created: Date
}

export interface BucketSettings {
  readonly objectLock?: boolean
  /** Canned ACL, ownership and grants, by the header's name. The store may refuse them. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What is written beside the payload. */
export interface NewObject {
  /** User metadata by its name after `x-amz-meta-`: `th1`, `th1m`. ASCII. */
  readonly metadata: Readonly<Record<string, string>>
  /** Overflow of the sealed metadata. ASCII. */
  readonly contentDisposition?: string
  /** Settings that the store carries out itself. */
  readonly settings: Readonly<Partial<Record<ObjectSetting, string>>>
  /**
   * The kind of the plaintext's checksum, for listings to show. Nothing but an object of more than
   * `ALWAYS_CHECKSUMMED` bytes, or of parts, comes without.
   */
  readonly checksum?: ChecksumKind
}

/** What is said of a plaintext's checksum. The store never hears of its value. */
export interface ChecksumKind {
  /** S3's name: `CRC32C`. */
  readonly algorithm: string
  /** Whether it is that of the whole, or one of the parts' checksums. */
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
}

/** Bytes of ciphertext up to which an object has a checksum always. */
export const ALWAYS_CHECKSUMMED = 131_072

/** Request headers about an object that pass to the store by name; everything else stays with the proxy. */
export const OBJECT_SETTINGS = [
  'x-amz-tagging',
  'x-amz-tagging-directive',
  'x-amz-storage-class',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
  'x-amz-acl',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write-acp',
  'x-amz-grant-full-control',
] as const
export type ObjectSetting = (typeof OBJECT_SETTINGS)[number]

/** Answer headers about an object that may pass to the client by name. They describe, they never authorise. */
export const OBJECT_ATTRIBUTES = [
  'x-amz-version-id',
  'x-amz-delete-marker',
  'x-amz-tagging-count',
  'x-amz-storage-class',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
  'x-amz-expiration',
  'x-amz-restore',
  'x-amz-replication-status',
  'x-amz-archive-status',
  'x-amz-copy-source-version-id',
] as const
export type ObjectAttribute = (typeof OBJECT_ATTRIBUTES)[number]
export type Attributes = Readonly<Partial<Record<ObjectAttribute, string>>>

/** What the store says of an object. */
export interface StoredHead {
  readonly length: number
  readonly etag: string
  readonly lastModified: Date
  readonly metadata: Readonly<Record<string, string>>
  readonly contentDisposition?: string
  readonly attributes: Attributes
}

export interface StoredObject extends StoredHead {
  /** The bytes that `body` holds, of `length` in all. The whole object where no range was asked or granted. */
  readonly range: { readonly first: number; readonly last: number }
  readonly body: Body
}

export type StoreRange = { readonly first: number; readonly last?: number } | { readonly suffix: number }

/**
 * Conditions with S3's precedence: `ifMatch` decides alone where it stands beside `ifUnmodifiedSince`, and so
 * does `ifNoneMatch` beside `ifModifiedSince`. ETags are one ETag, or `*`. Times count whole seconds.
 * What fails is StoreError `PreconditionFailed` (412) or `NotModified` (304; `etag` and `last-modified` come
 * as attributes).
 */
export interface ReadConditions {
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
  readonly ifModifiedSince?: Date
  readonly ifUnmodifiedSince?: Date
}

export interface WriteConditions {
  /** The object must have this ETag; `*`: it must exist. Where there is none: StoreError `NoSuchKey`. */
  readonly ifMatch?: string
  /** `*`: no object may exist; an ETag: not this one. */
  readonly ifNoneMatch?: string
}

export interface CopyConditions extends ReadConditions {
  /** Conditions on the destination. */
  readonly destination?: WriteConditions
}

export interface DeleteConditions {
  readonly ifMatch?: string
  readonly ifMatchLastModified?: string
  readonly ifMatchSize?: number
  readonly bypassGovernance?: boolean
}

/** Writes one object or part. Exactly one of `finish` and `abort` ends it. */
export interface ObjectWriter extends Writer {
  /**
   * Publishes, once `length` bytes were written; durable when it resolves.
   * @throws StoreError
   */
  finish(): Promise<Published>
  /** Nothing comes into being; what was there stays. */
  abort(): void
}
export interface PartWriter extends Writer {
  finish(): Promise<{ etag: string }>
  abort(): void
}

export interface Published {
  readonly etag: string
  readonly lastModified?: Date
  readonly attributes: Attributes
}

export interface StoredPart {
  readonly number: number
  readonly etag: string
}

export interface Deleted {
  readonly versionId?: string
  readonly deleteMarker: boolean
}
export interface ObjectToDelete {
  readonly key: string
  readonly versionId?: string
  readonly conditions?: DeleteConditions
}
export type DeleteOutcome =
  | {
      readonly key: string
      readonly versionId?: string
      readonly deleteMarkerVersionId?: string
      readonly deleteMarker: boolean
    }
  | { readonly key: string; readonly versionId?: string; readonly error: string }

export interface ListQuery {
  /** ListObjects (1) or ListObjectsV2 (2): they page in different ways. */
  readonly version: 1 | 2
  readonly prefix?: string
  readonly delimiter?: string
  readonly limit: number
  /** `marker` or `start-after`: names after this one only. */
  readonly after?: string
  /** Continuation token of an earlier page (2). Opaque. */
  readonly token?: string
  readonly owner?: boolean
}
export interface ListedObject {
  readonly key: string
  readonly length: number
  readonly etag: string
  readonly lastModified: Date
  readonly storageClass?: string
  readonly owner?: Owner
  /** As `NewObject` named it; absent where that is not certain. */
  readonly checksum?: ChecksumKind
}
export interface Owner {
  readonly id: string
  readonly displayName?: string
}
export interface Listing {
  readonly objects: ListedObject[]
  readonly prefixes: string[]
  readonly truncated: boolean
  /** The next page's `after` (1) or `token` (2), where truncated. */
  readonly next?: string
}

export interface VersionsQuery {
  readonly prefix?: string
  readonly delimiter?: string
  readonly limit: number
  readonly keyMarker?: string
  readonly versionMarker?: string
}
export interface ListedVersion extends ListedObject {
  readonly versionId: string
  readonly latest: boolean
}
export interface ListedDeleteMarker {
  readonly key: string
  readonly versionId: string
  readonly latest: boolean
  readonly lastModified: Date
  readonly owner?: Owner
}
export interface VersionListing {
  readonly versions: ListedVersion[]
  readonly deleteMarkers: ListedDeleteMarker[]
  readonly prefixes: string[]
  readonly truncated: boolean
  readonly nextKey?: string
  readonly nextVersion?: string
}

export interface UploadsQuery {
  readonly prefix?: string
  readonly delimiter?: string
  readonly limit: number
  readonly keyMarker?: string
  readonly uploadMarker?: string
}
export interface ListedUpload {
  readonly key: string
  readonly uploadId: string
  readonly initiated: Date
  readonly storageClass?: string
  readonly initiator?: Owner
  readonly owner?: Owner
}
export interface UploadListing {
  readonly uploads: ListedUpload[]
  readonly prefixes: string[]
  readonly truncated: boolean
  readonly nextKey?: string
  readonly nextUpload?: string
}

export type Versioning = 'Enabled' | 'Suspended'
