import { ObjectError, type ObjectErrorCode } from '../../objects/errors.ts'
import { clientETag } from '../../objects/etag.ts'
import { type RefusalReason, StoreError, StoreUnavailable } from '../../store/errors.ts'
import { OBJECT_ATTRIBUTES } from '../../store/store.ts'
import { BodyCut } from '../../wire/body.ts'
import type { Sentences } from './call.ts'
import { isS3ErrorCode, S3Error, type S3ErrorCode } from './errors.ts'
import { quoted } from './forms/etag.ts'

/**
 * What the client hears of a failure. Whatever came from the store is reduced to a code of the front's own
 * table: its sentences, hosts, regions and redirects stay behind (an SDK would follow them, plaintext and all).
 *
 * @param sentences of the operation that failed
 * @returns undefined for what is no answer but a defect
 */
export function asS3Error(error: unknown, sentences: Sentences = {}): S3Error | undefined {
  if (error instanceof S3Error) return error
  if (error instanceof ObjectError) return fromObjects(error)
  if (error instanceof StoreError) return fromStore(error, sentences)
  if (error instanceof StoreUnavailable) return fromUnavailable(error)
  if (error instanceof BodyCut)
    return new S3Error(error.code === 'stalled' ? 'RequestTimeout' : 'IncompleteBody')
  // A class of the keys room, which the front does not know.
  if (error instanceof Error && error.name === 'NoLease') return new S3Error('KeyUnavailable')
  return undefined
}

const OBJECT_ERRORS: Readonly<Record<ObjectErrorCode, S3ErrorCode>> = {
  DoesNotOpen: 'ObjectDoesNotOpen',
  NotSealed: 'ObjectDoesNotOpen',
  InvalidRange: 'InvalidRange',
  PreconditionFailed: 'PreconditionFailed',
  InvalidPart: 'InvalidPart',
  InvalidPartOrder: 'InvalidPartOrder',
  EntityTooSmall: 'EntityTooSmall',
  EntityTooLarge: 'EntityTooLarge',
  MetadataTooLarge: 'MetadataTooLarge',
  NoSuchUpload: 'NoSuchUpload',
  InvalidRequest: 'InvalidRequest',
  BadDigest: 'BadDigest',
  SlowDown: 'SlowDown',
  OperationAborted: 'OperationAborted',
  NotImplemented: 'NotImplemented',
}

/** Codes whose sentence depends on the case. */
const OWN_WORDS: ReadonlySet<ObjectErrorCode> = new Set(['InvalidRequest', 'BadDigest', 'NotImplemented'])

function fromObjects(error: ObjectError): S3Error {
  const { details } = error
  const { ActualObjectSize: size } = details
  return new S3Error(OBJECT_ERRORS[error.code], OWN_WORDS.has(error.code) ? error.message : undefined, {
    details,
    ...(size !== undefined && { fields: { 'content-range': `bytes */${size}` } }),
  })
}

/** Codes that mean the same to the client as to the proxy. The rest is between the proxy and its store. */
const FROM_STORE: ReadonlySet<S3ErrorCode> = new Set<S3ErrorCode>([
  '400',
  'AccessControlListNotSupported',
  'AccessDenied',
  'BucketAlreadyExists',
  'BucketAlreadyOwnedByYou',
  'BucketNotEmpty',
  'ConditionalRequestConflict',
  'EntityTooLarge',
  'IllegalVersioningConfigurationException',
  'InvalidArgument',
  'InvalidBucketAclWithObjectOwnership',
  'InvalidBucketName',
  'InvalidBucketState',
  'InvalidObjectState',
  'InvalidRequest',
  'InvalidStorageClass',
  'InvalidTag',
  'KeyTooLongError',
  'MalformedACLError',
  'MalformedPolicy',
  'MalformedXML',
  'MethodNotAllowed',
  'NoSuchBucket',
  'NoSuchBucketPolicy',
  'NoSuchConfiguration',
  'NoSuchKey',
  'NoSuchLifecycleConfiguration',
  'NoSuchObjectLockConfiguration',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchTagSet',
  'NoSuchUpload',
  'NoSuchVersion',
  'NoSuchWebsiteConfiguration',
  'NotImplemented',
  'NotModified',
  'ObjectLockConfigurationNotFoundError',
  'OperationAborted',
  'OwnershipControlsNotFoundError',
  'PreconditionFailed',
  'QuotaExceeded',
  'ServerSideEncryptionConfigurationNotFoundError',
  'ServiceUnavailable',
  'SlowDown',
  'TooManyBuckets',
])

function fromStore(error: StoreError, sentences: Sentences): S3Error {
  const { code } = error
  const fields = attributeFields(error.attributes)
  if (isS3ErrorCode(code) && FROM_STORE.has(code))
    return new S3Error(code, policySentence(error) ?? sentences[code], { fields })
  if (error.status === 403) return new S3Error('AccessDenied', undefined, { fields })
  if (error.status >= 500) return new S3Error('ServiceUnavailable', undefined, { fields })
  return new S3Error(
    'InvalidRequest',
    'The object store behind this endpoint does not take this request. Please look for its error in the log of the endpoint.',
  )
}

const POLICY_SENTENCES: Readonly<Partial<Record<RefusalReason['kind'], string>>> = {
  'policy-principal': 'Invalid principal in policy',
  'policy-resource': 'Policy has invalid resource',
  'policy-action': 'Action does not apply to any resource(s) in statement',
}

const policySentence = ({ code, reason }: StoreError): string | undefined =>
  code === 'MalformedPolicy' && reason ? POLICY_SENTENCES[reason.kind] : undefined

/** What the store said of an object that it did not give, by the list of what may pass. */
function attributeFields(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const name of OBJECT_ATTRIBUTES) {
    const value = attributes[name]
    if (value !== undefined) fields[name] = value
  }
  const { etag, 'last-modified': lastModified } = attributes
  if (etag !== undefined && /^[\x21-\x7e]{1,200}$/.test(etag))
    fields['etag'] = quoted(clientETag(etag.replaceAll('"', '')))
  if (lastModified !== undefined && /^[A-Za-z0-9,: ]{1,40}$/.test(lastModified))
    fields['last-modified'] = lastModified
  return fields
}

function fromUnavailable({ reason, retryAfter }: StoreUnavailable): S3Error {
  const fields = retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfter)) }
  return new S3Error(reason === 'slow-down' ? 'SlowDown' : 'ServiceUnavailable', undefined, { fields })
}
