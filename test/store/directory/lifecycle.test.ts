import { describe, expect, test } from 'vitest'
import type { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import type { LifecycleRule } from '../../../src/store/lifecycle.ts'
import { get, PLAIN, pattern, put, putPart } from '../contract/bytes.ts'
import { newBucket, refusalCode } from '../contract/subject.ts'
import { openTemporary } from './temporary.ts'

const DAY = 86_400_000
const inDays = (days: number) => new Date(Date.now() + days * DAY)
const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
  id: 'r',
  enabled: true,
  scope: { form: 'filter' },
  ...more,
})

/** A store with a bucket that has these rules. */
async function ruled(
  rules: LifecycleRule[],
  versioned = false,
): Promise<{ store: DirectoryStore; bucket: string }> {
  const store = await openTemporary()
  const bucket = await newBucket(store)
  if (versioned) await store.putVersioning(bucket, 'Enabled')
  await store.putLifecycle(bucket, rules)
  return { store, bucket }
}
const keysOf = async (store: DirectoryStore, bucket: string) =>
  (await store.list(bucket, { version: 2, limit: 1000 })).objects.map(({ key }) => key)

describe('lifecycle rules', () => {
  test('an object ends at the midnight after its days, and not before', async () => {
    const { store, bucket } = await ruled([rule({ expiration: { days: 3 } })])
    await put(store, { bucket, key: 'k' }, pattern(10))
    const midnight = Math.ceil((Date.now() + 3 * DAY) / DAY) * DAY
    expect(await store.sweep(new Date(midnight - 1000))).toEqual({ versions: 0, uploads: 0 })
    expect(await keysOf(store, bucket)).toEqual(['k'])
    expect(await store.sweep(new Date(midnight))).toEqual({ versions: 1, uploads: 0 })
    expect(await keysOf(store, bucket)).toEqual([])
    await store.close()
  })

  test('a rule by date ends what there is on that day', async () => {
    const date = new Date(Math.floor(Date.now() / DAY) * DAY - DAY)
    const { store, bucket } = await ruled([rule({ expiration: { date } })])
    await put(store, { bucket, key: 'k' }, pattern(10))
    expect(await store.sweep()).toMatchObject({ versions: 1 })
    await store.close()
  })

  test('prefix, tags and sizes narrow a rule; a disabled one does nothing', async () => {
    const expiration = { days: 1 }
    const tags = [{ key: 'end', value: 'yes' }]
    const { store, bucket } = await ruled([
      rule({ id: 'prefix', expiration, scope: { form: 'prefix', prefix: 'log/' } }),
      rule({ id: 'tags', expiration, scope: { form: 'and', tags } }),
      rule({ id: 'size', expiration, scope: { form: 'and', largerThan: 100, smallerThan: 200 } }),
      rule({ id: 'off', enabled: false, expiration }),
    ])
    for (const [key, length] of [
      ['log/1', 1],
      ['plain', 1],
      ['size100', 100],
      ['size150', 150],
      ['size200', 200],
    ] as const)
      await put(store, { bucket, key }, pattern(length))
    await put(
      store,
      { bucket, key: 'tagged' },
      pattern(1),
      {},
      { ...PLAIN, settings: { 'x-amz-tagging': 'a=b&end=yes' } },
    )
    await put(
      store,
      { bucket, key: 'other-tag' },
      pattern(1),
      {},
      { ...PLAIN, settings: { 'x-amz-tagging': 'end=no' } },
    )
    await store.sweep(inDays(3))
    expect(await keysOf(store, bucket)).toEqual(['other-tag', 'plain', 'size100', 'size200'])
    await store.close()
  })

  test('with versioning an expired object is covered by a marker, and its version stays', async () => {
    const { store, bucket } = await ruled([rule({ expiration: { days: 1 } })], true)
    await put(store, { bucket, key: 'k' }, pattern(10))
    await store.sweep(inDays(3))
    const { versions, deleteMarkers } = await store.listVersions(bucket, { limit: 10 })
    expect(versions).toMatchObject([{ key: 'k', latest: false }])
    expect(deleteMarkers).toMatchObject([{ key: 'k', latest: true }])
    await store.close()
  })

  test('noncurrent versions end by their own days, but for the newest that are kept', async () => {
    const { store, bucket } = await ruled([rule({ noncurrentExpiration: { days: 1, keep: 1 } })], true)
    for (const length of [1, 2, 3, 4]) await put(store, { bucket, key: 'k' }, pattern(length))
    await put(store, { bucket, key: 'l' }, pattern(9))
    expect(await store.sweep(inDays(0.001))).toMatchObject({ versions: 0 })
    expect(await store.sweep(inDays(3))).toMatchObject({ versions: 2 })
    const { versions } = await store.listVersions(bucket, { limit: 10 })
    expect(versions.map(({ length }) => length)).toEqual([4, 3, 9])
    await store.close()
  })

  test('a marker with nothing behind it ends, one with a version behind it stays', async () => {
    const { store, bucket } = await ruled([rule({ expiration: { expiredDeleteMarkers: true } })], true)
    await store.delete({ bucket, key: 'lone' }, {})
    await put(store, { bucket, key: 'covered' }, pattern(1))
    await store.delete({ bucket, key: 'covered' }, {})
    expect(await store.sweep()).toMatchObject({ versions: 1 })
    expect((await store.listVersions(bucket, { limit: 10 })).deleteMarkers.map(({ key }) => key)).toEqual([
      'covered',
    ])
    await store.close()
  })

  test('uploads begun and not completed are aborted', async () => {
    const { store, bucket } = await ruled([
      rule({ abortUploadsAfterDays: 2, scope: { form: 'prefix', prefix: 'a' } }),
    ])
    const uploadId = await store.createUpload({ bucket, key: 'a' }, PLAIN)
    await putPart(store, { bucket, key: 'a' }, uploadId, 1, pattern(10))
    await store.createUpload({ bucket, key: 'b' }, PLAIN)
    expect(await store.sweep(inDays(1))).toMatchObject({ uploads: 0 })
    expect(await store.sweep(inDays(4))).toMatchObject({ uploads: 1 })
    expect((await store.listUploads(bucket, { limit: 10 })).uploads.map(({ key }) => key)).toEqual(['b'])
    await store.close()
  })

  test('a locked version outlives every rule', async () => {
    const store = await openTemporary()
    const bucket = await newBucket(store, true)
    await store.putLifecycle(bucket, [rule({ noncurrentExpiration: { days: 1 } })])
    const first = await put(store, { bucket, key: 'k' }, pattern(1))
    const at = { bucket, key: 'k', versionId: first.attributes['x-amz-version-id']! }
    await store.putLegalHold(at, true)
    await put(store, { bucket, key: 'k' }, pattern(2))
    expect(await store.sweep(inDays(5))).toMatchObject({ versions: 0 })
    await store.putLegalHold(at, false)
    expect(await store.sweep(inDays(5))).toMatchObject({ versions: 1 })
    await store.close()
  })

  test('more versions than are read at once are judged alike', async () => {
    const { store, bucket } = await ruled([rule({ noncurrentExpiration: { days: 1, keep: 2 } })], true)
    await Promise.all(
      Array.from({ length: 1203 }, (_, i) => put(store, { bucket, key: i % 2 ? 'a' : 'b' }, Buffer.alloc(0))),
    )
    expect(await store.sweep(inDays(3))).toMatchObject({ versions: 1203 - 6 })
    expect((await store.listVersions(bucket, { limit: 100 })).versions).toHaveLength(6)
    await store.close()
  })

  test('answers name the day on which the object ends, and the rule', async () => {
    const { store, bucket } = await ruled([rule({ id: 'two days', expiration: { days: 2 } })])
    const { attributes } = await put(store, { bucket, key: 'k' }, pattern(1))
    const midnight = new Date(Math.ceil((Date.now() + 2 * DAY) / DAY) * DAY).toUTCString()
    expect(attributes['x-amz-expiration']).toBe(`expiry-date="${midnight}", rule-id="two%20days"`)
    expect((await store.head({ bucket, key: 'k' }, {})).attributes['x-amz-expiration']).toBe(
      attributes['x-amz-expiration'],
    )
    await store.close()
  })

  test('a configuration that S3 refuses is refused with its code', async () => {
    const { store, bucket } = await ruled([rule({ expiration: { days: 1 } })])
    const refused: [string, Partial<LifecycleRule>][] = [
      ['InvalidArgument', { expiration: { days: 0 } }],
      ['InvalidArgument', { expiration: { date: new Date(1) } }],
      ['InvalidArgument', { id: 'x'.repeat(256), expiration: { days: 1 } }],
      ['InvalidArgument', { noncurrentExpiration: { days: 1, keep: 101 } }],
      ['InvalidRequest', {}],
      [
        'InvalidRequest',
        { abortUploadsAfterDays: 1, scope: { form: 'filter', tags: [{ key: 'a', value: 'b' }] } },
      ],
      ['NotImplemented', { transitions: [{ days: 1, storageClass: 'GLACIER' }] }],
    ]
    for (const [code, more] of refused)
      expect(await refusalCode(store.putLifecycle(bucket, [rule(more)])), code).toBe(code)
    const twice = [rule({ expiration: { days: 1 } }), rule({ expiration: { days: 2 } })]
    expect(await refusalCode(store.putLifecycle(bucket, twice))).toBe('InvalidArgument')
    expect(await store.getLifecycle(bucket)).toEqual([rule({ expiration: { days: 1 } })])
    await store.deleteLifecycle(bucket)
    expect(await refusalCode(store.getLifecycle(bucket))).toBe('NoSuchLifecycleConfiguration')
    await store.close()
  })

  test('rules that came without an id get one each, dates stay dates', async () => {
    const date = new Date(2 * DAY)
    const { id: _, ...nameless } = rule({ expiration: { date } })
    const { store, bucket } = await ruled([nameless, { ...nameless, expiration: { days: 9 } }])
    const [first, second] = await store.getLifecycle(bucket)
    expect(first!.expiration).toEqual({ date })
    expect(first!.id).not.toBe(second!.id)
    expect(await get(store, { bucket, key: 'none' }).catch(({ code }) => code)).toBe('NoSuchKey')
    await store.close()
  })
})
