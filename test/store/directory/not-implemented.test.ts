import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NOT_IMPLEMENTED, notImplementedTable } from '../../../src/store/directory/not-implemented.ts'
import type { DocumentName } from '../../../src/store/documents.ts'
import type { Store } from '../../../src/store/store.ts'
import { PLAIN, pattern, put } from '../contract/bytes.ts'
import { newBucket, refusalCode } from '../contract/subject.ts'
import { openTemporary } from './temporary.ts'

let store: Store
let bucket: string
beforeAll(async () => {
  store = await openTemporary()
  bucket = await newBucket(store)
  await put(store, { bucket, key: 'k' }, pattern(1))
})
afterAll(() => store.close())

const document = (name: DocumentName, text: string) =>
  store.putDocument({ bucket }, name, { text, headers: {} })
const acls = ['public-read', 'public-read-write', 'authenticated-read', 'aws-exec-read']
const open = (acl: string) => ({ ...PLAIN, settings: { 'x-amz-acl': acl } as const })
const granting = { ...PLAIN, settings: { 'x-amz-grant-read': 'id="x"' } as const }
const at = () => ({ bucket, key: 'k' })

/** Requests that each operation of the table must refuse. */
const ATTEMPTS: Readonly<Record<string, readonly (() => Promise<unknown>)[]>> = {
  PutBucketPolicy: [() => document('policy', '{}')],
  PutBucketAcl: [
    ...acls.map(acl => () => store.putDocument({ bucket }, 'acl', { headers: { 'x-amz-acl': acl } })),
    () => store.putDocument({ bucket }, 'acl', { headers: { 'x-amz-grant-read': 'id="x"' } }),
    () => document('acl', '<AccessControlPolicy/>'),
  ],
  PutObjectAcl: acls.map(acl => () => store.putDocument(at(), 'acl', { headers: { 'x-amz-acl': acl } })),
  CreateBucket: [
    ...acls.map(acl => () => store.createBucket('another', { headers: { 'x-amz-acl': acl } })),
    () => store.createBucket('another', { headers: { 'x-amz-grant-read': 'id="x"' } }),
    () => store.createBucket('another', { headers: { 'x-amz-object-ownership': 'ObjectWriter' } }),
  ],
  PutObject: [...acls.map(open), granting].map(object => () => put(store, at(), pattern(1), {}, object)),
  CopyObject: [...acls.map(open), granting].map(object => () => store.copy(at(), at(), object, {})),
  CreateMultipartUpload: [...acls.map(open), granting].map(object => () => store.createUpload(at(), object)),
  PutBucketOwnershipControls: ['ObjectWriter', 'BucketOwnerPreferred'].map(
    ownership => () =>
      document('ownershipControls', `<X><ObjectOwnership>${ownership}</ObjectOwnership></X>`),
  ),
  DeleteBucketOwnershipControls: [() => store.deleteDocument(bucket, 'ownershipControls')],
  PutBucketWebsite: [() => document('website', '<WebsiteConfiguration/>')],
  PutBucketNotificationConfiguration: [
    () => document('notification', '<NotificationConfiguration><Topic/></NotificationConfiguration>'),
  ],
  PutBucketEncryption: [
    () =>
      document('encryption', '<X><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></X>'),
    () => document('encryption', '<X><SSEAlgorithm>ROT13</SSEAlgorithm></X>'),
  ],
  PutBucketLogging: [
    () => document('logging', '<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>'),
  ],
  PutBucketAccelerateConfiguration: [() => document('accelerate', '<X><Status>Enabled</Status></X>')],
  PutBucketRequestPayment: [() => document('requestPayment', '<X><Payer>Requester</Payer></X>')],
  PutBucketLifecycleConfiguration: [
    () =>
      store.putLifecycle(bucket, [
        {
          id: 'a',
          enabled: true,
          scope: { form: 'filter', prefix: '' },
          transitions: [{ days: 1, storageClass: 'GLACIER' }],
        },
      ]),
  ],
}

test('the table names just the operations that are tried here', () => {
  expect(NOT_IMPLEMENTED.map(({ operation }) => operation)).toEqual(Object.keys(ATTEMPTS))
})

test.each(NOT_IMPLEMENTED)('$operation is NotImplemented: $where', async ({ operation }) => {
  for (const attempt of ATTEMPTS[operation] ?? []) expect(await refusalCode(attempt())).toBe('NotImplemented')
})

test('docs/directory-store.md has the table', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/directory-store.md'), 'utf8')
  expect(page.endsWith(`\`npm run docs\`. -->\n\n${notImplementedTable()}`)).toBe(true)
})
