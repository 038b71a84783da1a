/** An operation that this store answers with NotImplemented, or those of its requests that it does. */
export interface NotImplemented {
  /** S3's name of it. */
  readonly operation: string
  /** Which of its requests. */
  readonly where: string
  /** What there is in its place. */
  readonly instead: string
}

const GRANTS = 'grants of access keys: buckets, prefixes, actions, networks, expiry'
const PUBLIC = '`anonymous` in the configuration'

/** What S3 has and the directory store has not. Its test tries each of them; docs/directory-store.md shows them. */
export const NOT_IMPLEMENTED: readonly NotImplemented[] = [
  { operation: 'PutBucketPolicy', where: 'all', instead: GRANTS },
  {
    operation: 'PutBucketAcl',
    where: 'all but the canned `private`, `bucket-owner-full-control`',
    instead: PUBLIC,
  },
  {
    operation: 'PutObjectAcl',
    where: 'all but the canned `private`, `bucket-owner-full-control`',
    instead: PUBLIC,
  },
  {
    operation: 'CreateBucket',
    where: 'with an ACL but `private`, grants, or an ownership but `BucketOwnerEnforced`',
    instead: PUBLIC,
  },
  {
    operation: 'PutObject',
    where: 'with grants, or an ACL but `private`, `bucket-owner-full-control`, `bucket-owner-read`',
    instead: PUBLIC,
  },
  { operation: 'CopyObject', where: 'the same', instead: PUBLIC },
  { operation: 'CreateMultipartUpload', where: 'the same', instead: PUBLIC },
  { operation: 'PutBucketOwnershipControls', where: 'all but `BucketOwnerEnforced`', instead: GRANTS },
  { operation: 'DeleteBucketOwnershipControls', where: 'all', instead: GRANTS },
  { operation: 'PutBucketWebsite', where: 'all', instead: 'a web server that reads from the proxy' },
  { operation: 'PutBucketNotificationConfiguration', where: 'all but an empty one', instead: 'nothing' },
  { operation: 'PutBucketEncryption', where: 'with a key of KMS', instead: 'keys are the custodian’s' },
  { operation: 'PutBucketLogging', where: 'all but an empty one', instead: 'the log of the proxy' },
  { operation: 'PutBucketAccelerateConfiguration', where: 'all but `Suspended`', instead: 'nothing' },
  { operation: 'PutBucketRequestPayment', where: '`Requester`', instead: 'nothing' },
  {
    operation: 'PutBucketLifecycleConfiguration',
    where: 'with transitions',
    instead: 'one class holds all objects; its name is kept and given back',
  },
]

/** The table in docs/directory-store.md. */
export function notImplementedTable(): string {
  const rows = NOT_IMPLEMENTED.map(
    ({ operation, where, instead }) => `| ${operation} | ${where} | ${instead} |`,
  )
  return `| operation | which requests | in its place |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}
