import type { DeletableDocument, DocumentName, DocumentPlace, NewDocument } from '../documents.ts'
import type { LifecycleRule } from '../lifecycle.ts'
import type { LockConfiguration, Retention } from '../lock.ts'
import type * as S from '../store.ts'
import type { Catalog } from './catalog/catalog.ts'
import { type Swept, sweepLifecycles } from './lifecycle/sweep.ts'
import { listObjects } from './listing/objects.ts'
import { listUploads } from './listing/uploads.ts'
import { listVersions } from './listing/versions.ts'
import { getObject, headObject } from './objects.ts'
import type { Parts } from './parts.ts'
import { writePayload } from './payload/write.ts'
import { getDocument } from './transactions/documents.ts'
import { findBucket, listBuckets } from './transactions/find-bucket.ts'
import { getLifecycle } from './transactions/lifecycle.ts'
import { getLegalHold, getLockConfiguration, getRetention } from './transactions/retention.ts'
import { getBucketTags, getTags } from './transactions/tags.ts'
import { keyBytes } from './transactions/transaction.ts'
import { findUpload } from './transactions/uploads.ts'

/** The embedded store. Reads ask the index on this thread; changes go to its own and are durable when answered. */
export class DirectoryStore implements S.Store {
  readonly #parts: Parts
  readonly #catalog: Catalog

  /** Made by `openDirectoryStore`. */
  constructor(parts: Parts) {
    this.#parts = parts
    this.#catalog = parts.catalog
  }

  async createBucket(name: string, settings: S.BucketSettings): Promise<void> {
    await this.#catalog.change('createBucket', { name, settings })
  }
  async deleteBucket(name: string): Promise<void> {
    await this.#catalog.change('deleteBucket', { name })
  }
  async headBucket(name: string): Promise<void> {
    this.#catalog.read(sql => findBucket(sql, name))
  }
  async listBuckets(): Promise<S.StoredBucket[]> {
    return this.#catalog.read(listBuckets)
  }

  async put(
    at: S.Address,
    object: S.NewObject,
    length: number,
    conditions: S.WriteConditions,
  ): Promise<S.ObjectWriter> {
    this.#catalog.read(sql => findBucket(sql, at.bucket))
    return writePayload(this.#parts, length, file =>
      this.#catalog.change('putObject', { at, object, file, length, conditions }),
    )
  }
  async head(at: S.Address, conditions: S.ReadConditions): Promise<S.StoredHead> {
    return headObject(this.#catalog, at, conditions)
  }
  get(at: S.Address, range: S.StoreRange | undefined, conditions: S.ReadConditions): Promise<S.StoredObject> {
    return getObject(this.#parts, at, range, conditions)
  }
  delete(at: S.Address, conditions: S.DeleteConditions): Promise<S.Deleted> {
    return this.#catalog.change('deleteObject', { at, conditions })
  }
  deleteMany(
    name: string,
    objects: readonly S.ObjectToDelete[],
    bypassGovernance: boolean,
  ): Promise<S.DeleteOutcome[]> {
    return this.#catalog.change('deleteObjects', { name, objects, bypassGovernance })
  }
  copy(
    from: S.Address,
    to: S.Address,
    object: S.NewObject,
    conditions: S.CopyConditions,
  ): Promise<S.Published> {
    return this.#catalog.change('copyObject', { from, to, object, conditions })
  }

  createUpload(at: S.Address, object: S.NewObject): Promise<string> {
    return this.#catalog.change('createUpload', { at, object })
  }
  async putPart(at: S.Address, uploadId: string, number: number, length: number): Promise<S.PartWriter> {
    this.#catalog.read(sql => findUpload(sql, findBucket(sql, at.bucket), keyBytes(at.key), uploadId))
    return writePayload(this.#parts, length, file =>
      this.#catalog.change('putPart', { at, uploadId, number, file, length }),
    )
  }
  copyPart(
    from: S.Address,
    range: { first: number; last: number },
    to: S.Address,
    uploadId: string,
    number: number,
    ifMatch: string,
  ): Promise<{ etag: string }> {
    return this.#catalog.change('copyPart', { from, range, to, uploadId, number, ifMatch })
  }
  completeUpload(
    at: S.Address,
    uploadId: string,
    parts: readonly S.StoredPart[],
    conditions: S.WriteConditions,
  ): Promise<S.Published> {
    return this.#catalog.change('completeUpload', { at, uploadId, parts, conditions })
  }
  async abortUpload(at: S.Address, uploadId: string): Promise<void> {
    await this.#catalog.change('abortUpload', { at, uploadId })
  }

  async list(name: string, query: S.ListQuery): Promise<S.Listing> {
    return this.#catalog.read(sql => listObjects(sql, name, query))
  }
  async listVersions(name: string, query: S.VersionsQuery): Promise<S.VersionListing> {
    return this.#catalog.read(sql => listVersions(sql, name, query))
  }
  async listUploads(name: string, query: S.UploadsQuery): Promise<S.UploadListing> {
    return this.#catalog.read(sql => listUploads(sql, name, query))
  }

  async getTags(at: S.Address): Promise<{ tags: S.Tag[]; versionId?: string }> {
    return this.#catalog.read(sql => getTags(sql, at))
  }
  putTags(at: S.Address, tags: readonly S.Tag[]): Promise<{ versionId?: string }> {
    return this.#catalog.change('putTags', { at, tags })
  }
  deleteTags(at: S.Address): Promise<{ versionId?: string }> {
    return this.#catalog.change('putTags', { at, tags: [] })
  }

  async getVersioning(name: string): Promise<S.Versioning | undefined> {
    return this.#catalog.read(sql => findBucket(sql, name).versioning ?? undefined)
  }
  async putVersioning(name: string, state: S.Versioning): Promise<void> {
    await this.#catalog.change('putVersioning', { name, state })
  }
  async getLockConfiguration(name: string): Promise<LockConfiguration> {
    return this.#catalog.read(sql => getLockConfiguration(sql, name))
  }
  async putLockConfiguration(name: string, configuration: LockConfiguration): Promise<void> {
    await this.#catalog.change('putLockConfiguration', { name, configuration })
  }
  async getRetention(at: S.Address): Promise<Retention> {
    return this.#catalog.read(sql => getRetention(sql, at))
  }
  async putRetention(
    at: S.Address,
    retention: Retention | undefined,
    bypassGovernance: boolean,
  ): Promise<void> {
    await this.#catalog.change('putRetention', { at, retention, bypassGovernance })
  }
  async getLegalHold(at: S.Address): Promise<boolean> {
    return this.#catalog.read(sql => getLegalHold(sql, at))
  }
  async putLegalHold(at: S.Address, held: boolean): Promise<void> {
    await this.#catalog.change('putLegalHold', { at, held })
  }

  async getLifecycle(name: string): Promise<readonly LifecycleRule[]> {
    return this.#catalog.read(sql => getLifecycle(sql, name))
  }
  async putLifecycle(name: string, rules: readonly LifecycleRule[]): Promise<void> {
    await this.#catalog.change('putLifecycle', { name, rules })
  }
  async deleteLifecycle(name: string): Promise<void> {
    await this.#catalog.change('deleteLifecycle', { name })
  }
  async getBucketTags(name: string): Promise<S.Tag[]> {
    return this.#catalog.read(sql => getBucketTags(sql, name))
  }
  async putBucketTags(name: string, tags: readonly S.Tag[]): Promise<void> {
    await this.#catalog.change('putBucketTags', { name, tags })
  }
  async deleteBucketTags(name: string): Promise<void> {
    await this.#catalog.change('putBucketTags', { name, tags: [] })
  }
  async getDocument(place: DocumentPlace, name: DocumentName): Promise<string> {
    return this.#catalog.read(sql => getDocument(sql, place, name))
  }
  async putDocument(place: DocumentPlace, name: DocumentName, document: NewDocument): Promise<void> {
    await this.#catalog.change('putDocument', { place, name, document })
  }
  async deleteDocument(bucket: string, name: DeletableDocument): Promise<void> {
    await this.#catalog.change('deleteDocument', { bucket, name })
  }

  /**
   * Carries out the buckets' lifecycle rules and removes freed files that could not be removed before. To be called
   * now and then, by one process of the family.
   */
  async sweep(now = new Date()): Promise<Swept> {
    const swept = await sweepLifecycles(this.#catalog, now.getTime())
    await this.#parts.garbage.collect()
    return swept
  }

  /** Ends once every change that was begun is on the disk; writers not finished come to nothing. */
  async close(): Promise<void> {
    const { blocks, session, garbage, claim } = this.#parts
    await garbage.collect().catch(() => {})
    await session.end(blocks.settled)
    await this.#catalog.close()
    claim.release()
  }
}
