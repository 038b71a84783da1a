import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isKnownField } from '../../../src/front/s3/forms/known-fields.ts'
import { OPERATIONS } from '../../../src/front/s3/operations/all.ts'

const SCHEMAS = join(
  import.meta.dirname,
  '../../../node_modules/@aws-sdk/client-s3/dist-es/schemas/schemas_0.js',
)

/** Every `x-amz-*` field that the AWS SDK knows, of requests and of answers. */
const fieldsOfSdk = (): readonly string[] => [
  ...new Set(
    readFileSync(SCHEMAS, 'utf8')
      .match(/(?<=")x-amz-[A-Za-z0-9-]+(?=")/g)
      ?.map(name => name.toLowerCase()),
  ),
]

/** What S3 says in answers only; a request that carries one is refused. */
const OF_ANSWERS = [
  'x-amz-abort-date',
  'x-amz-abort-rule-id',
  'x-amz-access-point-alias',
  'x-amz-archive-status',
  'x-amz-bucket-arn',
  'x-amz-bucket-location-name',
  'x-amz-bucket-location-type',
  'x-amz-bucket-region',
  'x-amz-copy-source-version-id',
  'x-amz-delete-marker',
  'x-amz-expiration',
  'x-amz-missing-meta',
  'x-amz-mp-parts-count',
  'x-amz-object-size',
  'x-amz-object-version-id',
  'x-amz-replication-status',
  'x-amz-request-charged',
  'x-amz-restore',
  'x-amz-restore-output-path',
  'x-amz-tagging-count',
  'x-amz-version-id',
]

/** Requests that ask for what there is not here, and would be served wrongly without it. */
const REFUSED = [
  // Keys of the caller's own: the proxy's custodian has the keys.
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key-md5',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
  // A second factor at AWS, which the store would have to check.
  'x-amz-mfa',
  // Directory buckets and S3 Express.
  'x-amz-bucket-namespace',
  'x-amz-client-token',
  'x-amz-create-session-mode',
  'x-amz-object-if-match',
  'x-amz-rename-source',
  'x-amz-rename-source-if-match',
  'x-amz-rename-source-if-modified-since',
  'x-amz-rename-source-if-none-match',
  'x-amz-rename-source-if-unmodified-since',
  'x-amz-write-offset-bytes',
  // Annotations and event holds.
  'x-amz-object-annotation-directive',
  'x-amz-object-lock-event-hold',
  'x-amz-object-lock-event-hold-duration-days',
  'x-amz-object-lock-event-hold-duration-years',
  // WriteGetObjectResponse, of Object Lambda; its `x-amz-fwd-*` are left out below.
  'x-amz-request-route',
  'x-amz-request-token',
]

test('every field that the AWS SDK knows is taken, or stands in one of these lists', () => {
  const known = fieldsOfSdk().filter(name => !name.startsWith('x-amz-fwd-'))
  expect(known.filter(isKnownField).length).toBeGreaterThan(50)
  const others = known.filter(name => !isKnownField(name)).sort()
  expect(others).toEqual([...OF_ANSWERS, ...REFUSED].sort())
  expect(isKnownField('x-amz-fwd-status')).toBe(false)
})

test('the query parameters that operations take are these, and no others', () => {
  const names = OPERATIONS.flatMap(({ selector, query }) => [...(selector?.query ?? []), ...(query ?? [])])
  expect([...new Set(names)].sort().join(' ')).toBe(
    'accelerate acl attributes bucket-region continuation-token cors delete delimiter encoding-type encryption ' +
      'fetch-owner key-marker legal-hold lifecycle list-type location logging marker max-buckets max-keys ' +
      'max-parts max-uploads notification object-lock ownershipControls part-number-marker partNumber policy ' +
      'policyStatus prefix publicAccessBlock requestPayment response-cache-control ' +
      'response-content-disposition response-content-encoding response-content-language ' +
      'response-content-type response-expires retention start-after tagging upload-id-marker uploadId uploads ' +
      'version-id-marker versionId versioning versions website',
  )
})
