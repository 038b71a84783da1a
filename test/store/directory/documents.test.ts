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

test('what would not be obeyed is not kept', async () => {
  const store = await openTemporary()
  const bucket = await newBucket(store)
  const kept = ['acl', 'ownershipControls', 'requestPayment', 'publicAccessBlock']
  for (const name of DOCUMENTS.filter(name => !kept.includes(name))) {
    expect(await refusalCode(store.getDocument({ bucket }, name)), name).toBe('NotImplemented')
    expect(await refusalCode(store.putDocument({ bucket }, name, { text: '<a/>', headers: {} })), name).toBe(
      'NotImplemented',
    )
  }
  expect(await refusalCode(store.deleteDocument(bucket, 'policy'))).toBe('NotImplemented')
  const payer = { text: '<Payer>Requester</Payer>', headers: {} }
  expect(await refusalCode(store.putDocument({ bucket }, 'requestPayment', payer))).toBe('NotImplemented')
  const settings = { metadata: {}, settings: { 'x-amz-acl': 'public-read' } as const }
  expect(await refusalCode(put(store, { bucket, key: 'k' }, pattern(1), {}, settings))).toBe('NotImplemented')
  await store.close()
})
