import type { Headers } from '../../../wire/exchange.ts'
import type { AccessKeys, Identity, KnownKey } from '../access.ts'
import { S3Error } from '../errors.ts'
import type { Query } from '../forms/query.ts'
import { basicTime, isoTime, readBasicTime, readHttpDate } from '../forms/times.ts'
import { authenticateAnonymous } from './anonymous.ts'
import { ALGORITHM, type GivenSignature, isVersion2, readAuthorization } from './authorization.ts'
import { canonicalPaths, canonicalRequest, type SignedRequest, stringToSign } from './canonical.ts'
import { type PayloadForm, readPayloadForm } from './payload.ts'
import { isPresigned, readPresigned } from './presigned.ts'
import { MAX_SKEW, type Scope, scopeText } from './scope.ts'
import { hexBytes, type SigningKeys, sameSignature, signature } from './signature.ts'

export interface Authority {
  readonly accessKeys: AccessKeys
  readonly signingKeys: SigningKeys
  readonly region: string
  /** Who a request without any signature is; absent: nobody. */
  readonly anonymous?: Identity
}

/** A request whose signature is right, or that came without one. */
export interface Authenticated {
  readonly identity: Identity
  readonly accessKeyId?: string
  readonly payload: PayloadForm
  /** How the chunks of the body are signed, where the payload's form says that they are. */
  readonly chunks?: ChunkSigning
}

/** What the signature of a chunk needs ("Signature Calculations … Transferring Payload in Multiple Chunks"). */
export interface ChunkSigning {
  readonly signingKey: Uint8Array
  readonly time: string
  readonly scope: string
  /** The request's own signature, from which the chain of chunk signatures starts. */
  readonly seed: string
}

/** True for a request that carries no signature, at the least none in its fields or query. */
export const isUnsigned = (headers: Headers, query: Query): boolean =>
  headers.get('authorization') === undefined && !isPresigned(query)

/**
 * Verifies who sent a request: SigV4 in its `Authorization` field or its query.
 * @param operation the name of what it asks for, as some of it is never done for a request without signature
 * @throws S3Error with the codes that S3 answers
 */
export async function authenticate(
  request: SignedRequest,
  operation: string,
  authority: Authority,
  now: Date,
): Promise<Authenticated> {
  const authorization = request.headers.all('authorization')
  const presigned = isPresigned(request.query)
  if (authorization.length + Number(presigned) > 1)
    throw new S3Error(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    )
  if (request.headers.get('x-amz-s3session-token') !== undefined)
    throw new S3Error('NotImplemented', 'S3 Express sessions are not implemented here.')
  if (presigned) return authenticatePresigned(request, authority, now)
  if (authorization[0] !== undefined) return authenticateHeader(request, authorization[0], authority, now)
  return authenticateAnonymous(request, operation, authority.anonymous)
}

async function authenticateHeader(
  request: SignedRequest,
  authorization: string,
  authority: Authority,
  now: Date,
): Promise<Authenticated> {
  // What is wrong with its date, S3 says before it refuses the mechanism (s3-tests, test_headers.py).
  if (isVersion2(authorization)) requestTime(request, now, readHttpDate)
  const given = readAuthorization(authorization, authority.region)
  const time = requestTime(request, now)
  const key = await accessKey(request, given.scope, authority)
  if (time.slice(0, 8) !== given.scope.day)
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      // Twice, as S3 says it.
      'The authorization header is malformed; The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date.',
    )
  const payloadHash = request.headers.get('x-amz-content-sha256')
  if (payloadHash === undefined)
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  const payload = readPayloadForm(payloadHash)
  const chunks = verify(request, given, key, time, payloadHash, authority)
  return { identity: key, accessKeyId: key.id, payload, chunks }
}

async function authenticatePresigned(
  request: SignedRequest,
  authority: Authority,
  now: Date,
): Promise<Authenticated> {
  const given = readPresigned(request.query, authority.region, now)
  const key = await accessKey(request, given.scope, authority)
  // Signed with the URL where the client set it; S3's default for presigned URLs otherwise.
  const payloadHash =
    request.query.get('X-Amz-Content-Sha256') ??
    request.headers.get('x-amz-content-sha256') ??
    'UNSIGNED-PAYLOAD'
  const payload = readPayloadForm(payloadHash)
  const chunks = verify(request, given, key, given.time, payloadHash, authority)
  return { identity: key, accessKeyId: key.id, payload, chunks }
}

/**
 * The time that was signed: `X-Amz-Date`, or else `Date`; in the basic form.
 * @param readAmzDate SigV2 writes `X-Amz-Date` as `Date` is written
 */
function requestTime({ headers }: SignedRequest, now: Date, readAmzDate = readBasicTime): string {
  const amzDate = headers.get('x-amz-date')
  const date = headers.get('date')
  const time =
    amzDate !== undefined ? readAmzDate(amzDate) : date !== undefined ? readHttpDate(date) : undefined
  if (!time || time.getTime() < 0)
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.')
  if (Math.abs(time.getTime() - now.getTime()) > MAX_SKEW)
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      details: {
        RequestTime: basicTime(time),
        ServerTime: isoTime(now),
        MaxAllowedSkewMilliseconds: MAX_SKEW,
      },
    })
  return basicTime(time)
}

async function accessKey(request: SignedRequest, scope: Scope, authority: Authority): Promise<KnownKey> {
  const key = await authority.accessKeys.find(scope.accessKeyId, scope)
  if (!key)
    throw new S3Error('InvalidAccessKeyId', undefined, { details: { AWSAccessKeyId: scope.accessKeyId } })
  // There are no temporary credentials here, so that a session token cannot belong to the key.
  if (request.headers.get('x-amz-security-token') ?? request.query.get('X-Amz-Security-Token'))
    throw new S3Error('InvalidToken')
  return key
}

function verify(
  request: SignedRequest,
  given: GivenSignature,
  key: KnownKey,
  time: string,
  payloadHash: string,
  { signingKeys }: Authority,
): ChunkSigning {
  checkSignedHeaders(request, given.signedHeaders)
  const scope = scopeText(given.scope)
  const signingKey = signingKeys.of(key, given.scope)
  let text = ''
  let canonical = ''
  const matches = canonicalPaths(request.path).some(path => {
    canonical = canonicalRequest(request, path, given.signedHeaders, payloadHash)
    text = stringToSign(ALGORITHM, time, scope, canonical)
    return sameSignature(signature(signingKey, text), given.signature)
  })
  if (!matches)
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      details: {
        AWSAccessKeyId: key.id,
        StringToSign: text,
        SignatureProvided: given.signature,
        StringToSignBytes: hexBytes(text),
        CanonicalRequest: canonical,
        CanonicalRequestBytes: hexBytes(canonical),
      },
    })
  return { signingKey, time, scope, seed: given.signature }
}

/** Whatever steers S3 must be signed: Host and all `x-amz-*` fields. */
function checkSignedHeaders({ headers }: SignedRequest, signed: readonly string[]): void {
  const unsigned = headers.pairs
    .map(([name]) => name)
    .filter(name => (name === 'host' || name.startsWith('x-amz-')) && !signed.includes(name))
  if (unsigned.length > 0)
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      details: { HeadersNotSigned: [...new Set(unsigned)].sort().join(', ') },
    })
}
