/** What the document of an error says of the request that it answers, by the names of S3's elements. */
export type RequestElement =
  | 'BucketName'
  | 'Condition'
  | 'Key'
  | 'Method'
  | 'PartNumberRequested'
  | 'RangeRequested'
  | 'ResourceType'
  | 'StorageClassRequested'
  | 'UploadId'
  | 'VersionId'

type Line = readonly [status: number, sentence: string, elements?: readonly RequestElement[]]

/**
 * Every error that a client of the S3 front can meet: code, HTTP status, sentence, and what its document says of the
 * request. The sentences of S3's own codes are S3's ("Error responses" in its API reference; where AWS does not print
 * one, as versitygw observed it), because clients and suites compare them; so are the elements, which it documents
 * nowhere (as LocalStack recorded them from AWS: tests/aws/services/s3/*.snapshot.json). Our own sentences name the cure.
 */
const TABLE = {
  // A key that the store cannot name; the code is really the number.
  '400': [400, 'Bad Request'],
  AccessDenied: [403, 'Access Denied.'],
  AccessControlListNotSupported: [400, 'The bucket does not allow ACLs.'],
  AccessForbidden: [403, 'CORSResponse: CORS is not enabled for this bucket.'],
  AuthorizationHeaderMalformed: [400, 'The authorization header is malformed.'],
  AuthorizationQueryParametersError: [400, 'The query-string authentication is malformed.'],
  BadDigest: [400, 'The Content-MD5 you specified did not match what we received.'],
  BadRequest: [400, 'Bad Request'],
  BucketAlreadyExists: [
    409,
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
    ['BucketName'],
  ],
  BucketAlreadyOwnedByYou: [
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
    ['BucketName'],
  ],
  BucketNotEmpty: [409, 'The bucket you tried to delete is not empty.', ['BucketName']],
  ConditionalRequestConflict: [
    409,
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
  ],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed object size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size'],
  IllegalVersioningConfigurationException: [
    400,
    'The Versioning element must be specified with Status Enabled or Suspended.',
  ],
  IncompleteBody: [400, 'The request body terminated unexpectedly'],
  InternalError: [500, 'We encountered an internal error, please try again.'],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidBucketAclWithObjectOwnership: [
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidBucketState: [409, 'The request is not valid for the current state of the bucket.'],
  InvalidChunkSizeError: [400, 'Only the last chunk is allowed to have a size less than 8192 bytes'],
  InvalidDigest: [400, 'The Content-Md5 you specified is not valid.'],
  InvalidLocationConstraint: [400, 'The specified location-constraint is not valid'],
  InvalidObjectState: [403, 'The operation is not valid for the current state of the object.'],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    ['UploadId'],
  ],
  InvalidPartNumber: [416, 'The requested partnumber is not satisfiable.', ['PartNumberRequested']],
  InvalidPartOrder: [
    400,
    'The list of parts was not in ascending order. Parts must be ordered by part number.',
    ['UploadId'],
  ],
  InvalidPolicyDocument: [
    400,
    'The content of the form does not meet the conditions specified in the policy document.',
  ],
  InvalidRange: [416, 'The requested range is not satisfiable', ['RangeRequested']],
  InvalidRedirectLocation: [
    400,
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
  ],
  InvalidRequest: [400, 'Invalid Request.'],
  InvalidStorageClass: [400, 'The storage class you specified is not valid', ['StorageClassRequested']],
  InvalidTag: [
    400,
    'The tag provided was not a valid tag. This error can occur if the tag did not pass input validation.',
  ],
  InvalidToken: [400, 'The provided token is malformed or otherwise invalid.'],
  InvalidURI: [400, "The specified URI couldn't be parsed."],
  KeyTooLongError: [400, 'Your key is too long.'],
  MalformedACLError: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema.',
  ],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedPolicy: [400, 'This policy contains invalid Json'],
  MalformedTrailerError: [
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  ],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema.',
  ],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size'],
  MethodNotAllowed: [
    405,
    'The specified method is not allowed against this resource.',
    ['Method', 'ResourceType'],
  ],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  MissingRequestBodyError: [400, 'Request Body is empty'],
  MissingSecurityHeader: [400, 'Your request was missing a required header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.', ['BucketName']],
  NoSuchBucketPolicy: [404, 'The bucket policy does not exist.', ['BucketName']],
  NoSuchCORSConfiguration: [404, 'The CORS configuration does not exist', ['BucketName']],
  NoSuchConfiguration: [404, 'The specified configuration does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.', ['Key']],
  NoSuchLifecycleConfiguration: [404, 'The lifecycle configuration does not exist', ['BucketName']],
  NoSuchObjectLockConfiguration: [404, 'The specified object does not have a ObjectLock configuration.'],
  NoSuchPublicAccessBlockConfiguration: [
    404,
    'The public access block configuration was not found',
    ['BucketName'],
  ],
  NoSuchTagSet: [404, 'The TagSet does not exist.', ['BucketName']],
  NoSuchUpload: [
    404,
    'The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    ['UploadId'],
  ],
  NoSuchVersion: [404, 'The specified version does not exist.', ['Key', 'VersionId']],
  NoSuchWebsiteConfiguration: [
    404,
    'The specified bucket does not have a website configuration',
    ['BucketName'],
  ],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented.'],
  NotModified: [304, 'Not Modified'],
  ObjectLockConfigurationNotFoundError: [
    404,
    'Object Lock configuration does not exist for this bucket.',
    ['BucketName'],
  ],
  OperationAborted: [
    409,
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  ],
  OwnershipControlsNotFoundError: [404, 'The bucket ownership controls were not found.', ['BucketName']],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold.', ['Condition']],
  QuotaExceeded: [403, 'Your request was denied due to quota exceeded.'],
  RequestHeaderSectionTooLarge: [400, 'Your request header section exceeds the maximum allowed size.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  RequestTimeout: [
    400,
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ],
  ServerSideEncryptionConfigurationNotFoundError: [
    404,
    'The server side encryption configuration was not found',
    ['BucketName'],
  ],
  ServiceUnavailable: [503, 'The object store behind this endpoint is not available. Please try again.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  TooManyBuckets: [400, 'You have attempted to create more buckets than allowed.'],
  UnexpectedContent: [400, 'This request does not support content.'],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],

  // Our own.
  EscortUnavailable: [
    503,
    'The custodian cannot be asked about this escorted access, so nothing is done under it. Please try again; if it lasts, ask the officers.',
  ],
  ObjectDoesNotOpen: [
    400,
    'The stored object does not open: it was changed, moved or not sealed by this system. Restore it from a replica or an earlier version, and report it.',
  ],
  KeyUnavailable: [
    503,
    'No encryption key can be had for this bucket at the moment. Please try again; if it lasts, ask whoever keeps the keys.',
  ],
} as const satisfies Record<string, Line>

export type S3ErrorCode = keyof typeof TABLE

/** Elements of the error document beside code, message, resource and request id. */
export type ErrorDetails = Readonly<Record<string, string | number>>

/** What the front answers instead of a result. Everything in it goes to the client. */
export class S3Error extends Error {
  override readonly name = 'S3Error'
  readonly code: S3ErrorCode
  readonly status: number
  readonly details: ErrorDetails
  /** Answer fields that belong to the error, as `retry-after`. */
  readonly fields: Readonly<Record<string, string>>

  /** @param message instead of the table's sentence */
  constructor(
    code: S3ErrorCode,
    message?: string,
    { details = {}, fields = {} }: { details?: ErrorDetails; fields?: Readonly<Record<string, string>> } = {},
  ) {
    super(message ?? TABLE[code][1])
    this.code = code
    this.status = TABLE[code][0]
    this.details = details
    this.fields = fields
  }
}

/** What the document of this error says of the request. */
export const elementsOfRequest = (code: S3ErrorCode): readonly RequestElement[] => {
  const [, , elements = []]: Line = TABLE[code]
  return elements
}

export const isS3ErrorCode = (code: string): code is S3ErrorCode => Object.hasOwn(TABLE, code)

/** The sentence of a code, for the list of a DeleteObjects answer. */
export const sentenceOf = (code: S3ErrorCode): string => TABLE[code][1]

/** `InvalidArgument` names its argument and gives back what it held. */
export function invalidArgument(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', message, { details: { ArgumentName: name, ArgumentValue: value } })
}

/** Something S3 has and this front has not, by its name. */
export function notImplemented(what: string): S3Error {
  return new S3Error('NotImplemented', `${what} is not implemented here.`)
}
