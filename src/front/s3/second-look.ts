import type { ObjectName } from '../../objects/object.ts'
import type { Objects } from '../../objects/objects.ts'
import { StoreError } from '../../store/errors.ts'
import type { Operation } from './call.ts'
import { invalidArgument, S3Error } from './errors.ts'
import type { Place } from './forms/place.ts'
import type { Query } from './forms/query.ts'

export interface FailedRequest {
  readonly operation: Operation
  readonly place: Place
  readonly query: Query
  readonly objects: Objects
  readonly tenant: string
  readonly accessKeyId?: string
  /** The bucket that a copy reads from. */
  readonly source?: string
}

/** What the front finds wrong with a request without having asked the store. */
const BEFORE_THE_STORE: ReadonlySet<string> = new Set([
  'NoSuchUpload',
  'MissingRequestBodyError',
  'MalformedXML',
  'MalformedPolicy',
  'MalformedACLError',
  'MissingSecurityHeader',
])

/**
 * S3 words some failures by what it knows of the bucket or object besides. That is looked up here, after the
 * failure, so that what succeeds costs nothing.
 *
 * @param error what was thrown
 * @param failure what the client would hear
 */
export async function secondLook(failure: S3Error, error: unknown, request: FailedRequest): Promise<S3Error> {
  const { operation, place, query } = request
  if (place.kind === 'service' || operation.name === 'CreateBucket') return failure
  const versionId = readableVersion(query)
  if (versionId && error instanceof StoreError && error.status === 400)
    return invalidArgument('versionId', versionId, 'Invalid version id specified')
  if (BEFORE_THE_STORE.has(failure.code) || (isHeadFirst(operation) && AFTER_A_HEAD.has(failure.code))) {
    const { source } = request
    if (await isMissing(request, place.bucket)) return new S3Error('NoSuchBucket')
    if (source !== undefined && !OF_THE_REQUEST.has(failure.code) && (await isMissing(request, source)))
      return new S3Error('NoSuchBucket', undefined, { details: { BucketName: source } })
    return failure
  }
  if (error instanceof StoreError && error.reason?.kind === 'explicit-deny')
    return explicitDeny(error.reason.action, place, request)
  if (failure.code === 'BucketNotEmpty' && (await hasVersions(request, place.bucket)))
    return new S3Error(
      'BucketNotEmpty',
      'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
    )
  if (
    operation.name === 'DeleteObject' &&
    failure.code === 'AccessDenied' &&
    place.kind === 'object' &&
    versionId
  )
    if (await isLocked(request, { tenant: request.tenant, bucket: place.bucket, key: place.key, versionId }))
      return new S3Error('AccessDenied', 'Access Denied because object protected by object lock.')
  return failure
}

/** A version whose name cannot be read is a failure of its own, and this request has failed already. */
function readableVersion(query: Query): string | undefined {
  try {
    return query.get('versionId')
  } catch {
    return undefined
  }
}

/** Who is denied is the sender, whatever name the proxy has at the store. */
function explicitDeny(
  action: string,
  place: Exclude<Place, { kind: 'service' }>,
  { accessKeyId, source }: FailedRequest,
): S3Error {
  // Of a copy, it is not known which of its two objects is meant.
  if (accessKeyId === undefined || source !== undefined) return new S3Error('AccessDenied')
  const resource = place.kind === 'object' ? `${place.bucket}/${place.key}` : place.bucket
  return new S3Error(
    'AccessDenied',
    `User: ${accessKeyId} is not authorized to perform: ${action} on resource: "arn:aws:s3:::${resource}" with an explicit deny in a resource-based policy`,
  )
}

/** Operations that look at an object by HEAD, to which a store cannot say what is missing; a copy has two buckets. */
const isHeadFirst = ({ name, selector }: Operation): boolean =>
  selector?.header !== undefined || name === 'GetObjectAttributes'

const AFTER_A_HEAD: ReadonlySet<string> = new Set([
  'NoSuchBucket',
  'NoSuchKey',
  'InvalidArgument',
  'InvalidRequest',
])

/** What is wrong with a request stays wrong, whether the bucket that it copies from is there or not. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set(['InvalidArgument', 'InvalidRequest'])

async function isMissing({ objects }: FailedRequest, bucket: string): Promise<boolean> {
  try {
    await objects.store.headBucket(objects.storeBucket(bucket))
    return false
  } catch (error) {
    return error instanceof StoreError && error.status === 404
  }
}

async function hasVersions({ objects }: FailedRequest, bucket: string): Promise<boolean> {
  return objects.store.getVersioning(objects.storeBucket(bucket)).then(
    state => state !== undefined,
    () => false,
  )
}

async function isLocked({ objects }: FailedRequest, name: ObjectName): Promise<boolean> {
  const at = objects.address(name)
  const held = objects.store.getLegalHold(at).catch(() => false)
  const retained = objects.store.getRetention(at).then(
    () => true,
    () => false,
  )
  return (await held) || (await retained)
}
