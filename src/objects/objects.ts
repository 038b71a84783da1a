import type { Purpose } from '../keys/custodian.ts'
import type { DocumentName, NewDocument } from '../store/documents.ts'
import type { LifecycleRule } from '../store/lifecycle.ts'
import type {
  Address,
  DeleteConditions,
  Deleted,
  DeleteOutcome,
  Listing,
  ListQuery,
  ObjectToDelete,
  Store,
  StoredBucket,
  UploadsQuery,
  VersionListing,
  VersionsQuery,
} from '../store/store.ts'
import { type CompleteAnswer, type CompleteUpload, completeUpload } from './complete-upload.ts'
import {
  type CopiedPart,
  type CopyAnswer,
  type CopyObject,
  copyObject,
  type PartCopy,
  uploadPartCopy,
} from './copy.ts'
import { type DocumentOf, getDocument, putDocument } from './documents.ts'
import { storeConditions } from './etag.ts'
import { getObject } from './get.ts'
import { headObject } from './head.ts'
import { getLifecycle, putLifecycle } from './lifecycle.ts'
import { listObjects, listUploads, listVersions, type OpenUploads } from './list.ts'
import { listParts, type PartListing, type PartPage } from './list-parts.ts'
import type {
  GetObject,
  ObjectName,
  OpenObject,
  PlainBody,
  PutAnswer,
  PutObject,
  ReadableObject,
} from './object.ts'
import { putObject } from './put.ts'
import { addressOf, type Room } from './room.ts'
import { abortUpload, type CreateUpload, createUpload } from './upload.ts'
import { type UploadedPart, uploadPart } from './upload-part.ts'

/**
 * What an object store does, on sealed objects. Plaintext lengths, names and ETags of the application's kind
 * on this side; ciphertext on the other. All throw ObjectError, StoreError, StoreUnavailable and NoLease.
 */
export class Objects {
  readonly #room: Room

  constructor(room: Room) {
    this.#room = room
  }

  /** The same objects, on behalf of somebody. */
  for(purpose: Purpose): Objects {
    return new Objects({ ...this.#room, purpose })
  }

  put(name: ObjectName, put: PutObject, body: PlainBody): Promise<PutAnswer> {
    return putObject(this.#room, name, put, body)
  }
  get(name: ObjectName, get: GetObject): Promise<ReadableObject> {
    return getObject(this.#room, name, get)
  }
  head(name: ObjectName, get: GetObject): Promise<OpenObject> {
    return headObject(this.#room, name, get)
  }
  copy(from: ObjectName, to: ObjectName, copy: CopyObject): Promise<CopyAnswer> {
    return copyObject(this.#room, from, to, copy)
  }
  delete(name: ObjectName, conditions: DeleteConditions): Promise<Deleted> {
    return this.#room.store.delete(this.address(name), storeConditions(conditions))
  }
  deleteMany(
    bucket: string,
    objects: readonly ObjectToDelete[],
    bypassGovernance: boolean,
  ): Promise<DeleteOutcome[]> {
    const translated = objects.map(object =>
      object.conditions === undefined
        ? object
        : { ...object, conditions: storeConditions(object.conditions) },
    )
    return this.#room.store.deleteMany(this.storeBucket(bucket), translated, bypassGovernance)
  }

  createUpload(name: ObjectName, create: CreateUpload): Promise<{ uploadId: string; groupKeyId: string }> {
    return createUpload(this.#room, name, create)
  }
  uploadPart(name: ObjectName, uploadId: string, number: number, body: PlainBody): Promise<UploadedPart> {
    return uploadPart(this.#room, name, uploadId, number, body)
  }
  uploadPartCopy(to: ObjectName, uploadId: string, number: number, copy: PartCopy): Promise<CopiedPart> {
    return uploadPartCopy(this.#room, to, uploadId, number, copy)
  }
  completeUpload(name: ObjectName, uploadId: string, complete: CompleteUpload): Promise<CompleteAnswer> {
    return completeUpload(this.#room, name, uploadId, complete)
  }
  abortUpload(name: ObjectName, uploadId: string, ifInitiated?: Date): Promise<void> {
    return abortUpload(this.#room, name, uploadId, ifInitiated)
  }
  listParts(name: ObjectName, uploadId: string, page: PartPage): Promise<PartListing> {
    return listParts(this.#room, name, uploadId, page)
  }
  listUploads(bucket: string, query: UploadsQuery): Promise<OpenUploads> {
    return listUploads(this.#room, bucket, query)
  }

  list(bucket: string, query: ListQuery): Promise<Listing> {
    return listObjects(this.#room, bucket, query)
  }
  listVersions(bucket: string, query: VersionsQuery): Promise<VersionListing> {
    return listVersions(this.#room, bucket, query)
  }

  getLifecycle(bucket: string): Promise<readonly LifecycleRule[]> {
    return getLifecycle(this.#room, bucket)
  }
  putLifecycle(bucket: string, rules: readonly LifecycleRule[]): Promise<void> {
    return putLifecycle(this.#room, bucket, rules)
  }

  getDocument(of: DocumentOf, name: DocumentName): Promise<string> {
    return getDocument(this.#room, of, name)
  }
  putDocument(of: DocumentOf, name: DocumentName, document: NewDocument): Promise<void> {
    return putDocument(this.#room, of, name, document)
  }

  /** The store's buckets that applications have a name for, by that name. */
  async listBuckets(): Promise<StoredBucket[]> {
    const { store, buckets } = this.#room
    return (await store.listBuckets()).flatMap(({ name, created }) => {
      const logical = buckets.toLogical(name)
      return logical === undefined ? [] : [{ name: logical, created }]
    })
  }
  /** Whether an application may name a bucket so. */
  isBucketName(name: string): boolean {
    return this.#room.buckets.isLogical(name)
  }

  /** What holds no payload is the store's own business: sub-resources go there by `address` and `storeBucket`. */
  get store(): SubResources {
    return this.#room.store
  }
  address(name: Pick<ObjectName, 'bucket' | 'key' | 'versionId'>): Address {
    return addressOf(this.#room, name)
  }
  /** @throws StoreError NoSuchBucket where no application has a bucket of that name */
  storeBucket(bucket: string): string {
    return this.#room.buckets.toStore(bucket)
  }
}

/** The part of a store's interface that needs no sealing, opening or translation. */
export type SubResources = Pick<
  Store,
  | 'createBucket'
  | 'deleteBucket'
  | 'headBucket'
  | 'getTags'
  | 'putTags'
  | 'deleteTags'
  | 'getVersioning'
  | 'putVersioning'
  | 'getLockConfiguration'
  | 'putLockConfiguration'
  | 'getRetention'
  | 'putRetention'
  | 'getLegalHold'
  | 'putLegalHold'
  | 'deleteLifecycle'
  | 'getBucketTags'
  | 'putBucketTags'
  | 'deleteBucketTags'
  | 'deleteDocument'
>
