import type { DeleteConditions, ReadConditions, WriteConditions } from '../store.ts'
import { refuse } from './refusals.ts'
import type { VersionRow } from './transactions/versions.ts'

type Conditioned = Pick<VersionRow, 'etag' | 'modified' | 'length'>

/**
 * Conditions of GET, HEAD and of a copy's source, in the order of RFC 9110 13.2.2, which is S3's.
 * @throws StoreError `PreconditionFailed`, `NotModified`
 */
export function checkRead(conditions: ReadConditions, object: Conditioned): void {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object)) throw refuse('PreconditionFailed')
  } else if (ifUnmodifiedSince && seconds(object.modified) > seconds(ifUnmodifiedSince))
    throw refuse('PreconditionFailed')

  const same =
    ifNoneMatch !== undefined
      ? matches(ifNoneMatch, object)
      : ifModifiedSince && seconds(object.modified) <= seconds(ifModifiedSince)
  if (same)
    throw refuse('NotModified', {
      etag: object.etag,
      'last-modified': new Date(object.modified).toUTCString(),
    })
}

/** A copy's source: what would be 304 on a read is 412 (Amazon S3 API Reference, CopyObject). */
export function checkCopySource(conditions: ReadConditions, object: Conditioned): void {
  try {
    checkRead(conditions, object)
  } catch {
    throw refuse('PreconditionFailed')
  }
}

/**
 * Conditions on the object that a write would replace (Amazon S3 User Guide, "How to prevent object overwrites
 * with conditional writes": where there is nothing to match, If-Match gives 404).
 * @throws StoreError `PreconditionFailed`, `NoSuchKey`
 */
export function checkWrite(conditions: WriteConditions, current: VersionRow | undefined): void {
  const { ifMatch, ifNoneMatch } = conditions
  const object = current?.marker ? undefined : current
  if (ifMatch !== undefined) {
    if (object === undefined) throw refuse('NoSuchKey')
    if (!matches(ifMatch, object)) throw refuse('PreconditionFailed')
  }
  if (ifNoneMatch !== undefined && object !== undefined && matches(ifNoneMatch, object))
    throw refuse('PreconditionFailed')
}

/**
 * Conditions on the object that a DELETE would remove. Where there is none they hold: nothing is there to be lost
 * (Amazon S3 API Reference, DeleteObject, If-Match headers: "or if the object doesn't exist"). A delete marker
 * is there, and has no ETag.
 * @throws StoreError `PreconditionFailed`
 */
export function checkDelete(conditions: DeleteConditions, target: VersionRow | undefined): void {
  const { ifMatch, ifMatchLastModified, ifMatchSize } = conditions
  const modified = ifMatchLastModified === undefined ? undefined : Date.parse(ifMatchLastModified)
  if (Number.isNaN(modified)) throw refuse('InvalidArgument')
  if (target === undefined) return
  if (
    (ifMatch !== undefined && !matches(ifMatch, target)) ||
    (modified !== undefined && seconds(modified) !== seconds(target.modified)) ||
    (ifMatchSize !== undefined && ifMatchSize !== target.length)
  )
    throw refuse('PreconditionFailed')
}

function matches(etag: string, object: Conditioned): boolean {
  return etag === '*' || etag === object.etag
}

/** HTTP dates know whole seconds. */
function seconds(time: number | Date): number {
  return Math.floor(Number(time) / 1000)
}
