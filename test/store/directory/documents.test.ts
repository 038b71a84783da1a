import { expect, test } from 'vitest'
import { DOCUMENTS } from '../../../src/store/documents.ts'
import { pattern, put } from '../contract/bytes.ts'
import { newBucket, refusalCode } from '../contract/subject.ts'
import { openTemporary } from './temporary.ts'

test('a bucket and its objects are their owner’s alone, and say so', async () => {
  const store = await openTemporary()
  const bucket = await newBucket(store)
  await put(store, { bucket, key: 'k' }, pattern(1))
  for (const place of [{ bucket }, { bucket, key: 'k' }]) {
    expect(await store.getDocument(place, 'acl')).toContain('<Permission>FULL_CONTROL</Permission>')
    await store.putDocument(place, 'acl', { headers: { 'x-amz-acl': 'private' } })
    for (const headers of [{ 'x-amz-acl': 'public-read' }, { 'x-amz-grant-read': 'id=x' }])
      expect(await refusalCode(store.putDocument(place, 'acl', { headers }))).toBe('NotImplemented')
  }
  expect(await refusalCode(store.getDocument({ bucket, key: 'none' }, 'acl'))).toBe('NoSuchKey')
  expect(await store.getDocument({ bucket }, 'ownershipControls')).toContain('BucketOwnerEnforced')
  expect(await store.getDocument({ bucket }, 'requestPayment')).toContain('<Payer>BucketOwner</Payer>')
  await store.close()
})

test('a public access block is kept: nothing is public anyhow', async () => {
  const store = await openTemporary()
  const bucket = await newBucket(store)
  const place = { bucket }
  expect(await refusalCode(store.getDocument(place, 'publicAccessBlock'))).toBe(
    'NoSuchPublicAccessBlockConfiguration',
  )
  await store.putDocument(place, 'publicAccessBlock', { text: '<a/>', headers: {} })
  expect(await store.getDocument(place, 'publicAccessBlock')).toBe('<a/>')
  await store.deleteDocument(bucket, 'publicAccessBlock')
  expect(await refusalCode(store.getDocument(place, 'publicAccessBlock'))).toBe(
    'NoSuchPublicAccessBlockConfiguration',
  )
  await store.close()
})

test('encryption without a key of its own is kept: whatever comes here is sealed', async () => {
  const store = await openTemporary()
  const bucket = await newBucket(store)
  const place = { bucket }
  const none = 'ServerSideEncryptionConfigurationNotFoundError'
  expect(await refusalCode(store.getDocument(place, 'encryption'))).toBe(none)
  const text = '<X><Rule><SSEAlgorithm>AES256</SSEAlgorithm></Rule></X>'
  await store.putDocument(place, 'encryption', { text, headers: {} })
  expect(await store.getDocument(place, 'encryption')).toBe(text)
  await store.deleteDocument(bucket, 'encryption')
  expect(await refusalCode(store.getDocument(place, 'encryption'))).toBe(none)
  await store.close()
})

test('what was never set reads as at S3, and turning it off or deleting it changes nothing', async () => {
  const store = await openTemporary()
  const bucket = await newBucket(store)
  const place = { bucket }
  expect(await refusalCode(store.getDocument(place, 'policy'))).toBe('NoSuchBucketPolicy')
  expect(await refusalCode(store.getDocument(place, 'policyStatus'))).toBe('NoSuchBucketPolicy')
  expect(await refusalCode(store.getDocument(place, 'website'))).toBe('NoSuchWebsiteConfiguration')
  await store.deleteDocument(bucket, 'policy')
  await store.deleteDocument(bucket, 'website')
  const off = [
    ['logging', '<BucketLoggingStatus xmlns="x"/>'],
    ['notification', '<?xml version="1.0"?>\n<NotificationConfiguration></NotificationConfiguration>'],
    ['accelerate', '<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>'],
  ] as const
  for (const [name, text] of off) {
    const before = await store.getDocument(place, name)
    await store.putDocument(place, name, { text, headers: {} })
    expect(await store.getDocument(place, name)).toBe(before)
  }
  await store.close()
})

test('every document of a bucket that is not there is NoSuchBucket', async () => {
  const store = await openTemporary()
  for (const name of DOCUMENTS)
    expect(await refusalCode(store.getDocument({ bucket: 'missing' }, name)), name).toBe('NoSuchBucket')
  await store.close()
})
