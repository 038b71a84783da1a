import type { Identity } from '../access.ts'
import { S3Error } from '../errors.ts'
import type { Query } from '../forms/query.ts'
import type { SignedRequest } from './canonical.ts'
import { type PayloadForm, readPayloadForm } from './payload.ts'

const SIGN = 'Anonymous users cannot invoke this API. Please authenticate.'

/** Operations that S3 carries out for nobody who does not sign, and its words for it (as versitygw observed them). */
const SIGNED_ONLY: Readonly<Record<string, string>> = {
  CreateBucket: SIGN,
  PutBucketAcl: SIGN,
  PutObjectAcl: SIGN,
  CopyObject: 'Anonymous users cannot copy objects. Please authenticate.',
  CreateMultipartUpload: 'Anonymous users cannot initiate multipart uploads. Please authenticate.',
  GetBucketOwnershipControls: 's3:GetBucketOwnershipControls does not support Anonymous requests!',
  PutBucketOwnershipControls: 's3:PutBucketOwnershipControls does not support Anonymous requests!',
  DeleteBucketOwnershipControls: 's3:PutBucketOwnershipControls does not support Anonymous requests!',
}

/** What S3 answers without a signature, where with one it is not implemented here. */
export function anonymousRefused(query: Query): S3Error | undefined {
  if (query.has('select')) return new S3Error('AccessDenied', SIGN)
  return query.has('restore') ? new S3Error('AccessDenied') : undefined
}

/**
 * Who sends a request without a signature.
 * @param anonymous what is configured for them; absent: nobody is anonymous here
 * @throws S3Error AccessDenied, InvalidRequest
 */
export function authenticateAnonymous(
  { headers, query }: Pick<SignedRequest, 'headers' | 'query'>,
  operation: string,
  anonymous: Identity | undefined,
): { readonly identity: Identity; readonly payload: PayloadForm } {
  if (Object.hasOwn(SIGNED_ONLY, operation)) throw new S3Error('AccessDenied', SIGNED_ONLY[operation])
  // Only a known sender may choose what a browser is told about an object.
  if (query.pairs.some(([name]) => name.startsWith('response-')))
    throw new S3Error(
      'InvalidRequest',
      'Request specific response headers cannot be used for anonymous GET requests.',
    )
  const payload = readPayloadForm(headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD')
  if (payload.kind === 'chunked' && payload.signed)
    throw new S3Error(
      'InvalidRequest',
      "Anonymous requests don't support this x-amz-content-sha256 value. Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
    )
  if (!anonymous) throw new S3Error('AccessDenied')
  return { identity: anonymous, payload }
}
