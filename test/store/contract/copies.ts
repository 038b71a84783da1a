import { describe, expect, test } from 'vitest'
import { get, PLAIN, pattern, put } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

export function testCopies(subject: Subject): void {
  describe(`${subject.name}: copies`, () => {
    const store = useStore(subject)

    test('a copy has the payload of its source, metadata of its own, and outlives it', async () => {
      const from = { bucket: await newBucket(store()), key: 'from' }
      const to = { bucket: await newBucket(store()), key: 'to' }
      const bytes = pattern(300_000)
      await put(store(), from, bytes, {}, { ...PLAIN, metadata: { th1: 'old' } })
      const { etag } = await store().copy(from, to, { ...PLAIN, metadata: { th1: 'new' } }, {})
      await store().delete(from, {})
      expect(await store().head(to, {})).toMatchObject({ etag, length: 300_000, metadata: { th1: 'new' } })
      expect((await get(store(), to)).equals(bytes)).toBe(true)
    })

    test('a copy onto itself renews the metadata', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(1000), {}, { ...PLAIN, metadata: { th1: 'old' } })
      await store().copy(at, at, { ...PLAIN, metadata: { th1: 'new' } }, {})
      expect((await store().head(at, {})).metadata).toEqual({ th1: 'new' })
      expect((await get(store(), at)).equals(pattern(1000))).toBe(true)
    })

    test('conditions pin the source', async () => {
      const from = { bucket: await newBucket(store()), key: 'from' }
      const to = { bucket: from.bucket, key: 'to' }
      const { etag } = await put(store(), from, pattern(10))
      const past = new Date(Date.now() - 3_600_000)
      for (const conditions of [{ ifMatch: 'other' }, { ifNoneMatch: etag }, { ifUnmodifiedSince: past }])
        expect(await refusalCode(store().copy(from, to, PLAIN, conditions))).toBe('PreconditionFailed')
      await expect(store().head(to, {})).rejects.toMatchObject({ status: 404 })
      await store().copy(from, to, PLAIN, { ifMatch: etag, ifModifiedSince: past })
      expect(await get(store(), to)).toHaveLength(10)
    })

    test('a source that is not there is refused', async () => {
      const bucket = await newBucket(store())
      const to = { bucket, key: 'to' }
      expect(await refusalCode(store().copy({ bucket, key: 'from' }, to, PLAIN, {}))).toBe('NoSuchKey')
      expect(await refusalCode(store().copy({ bucket: 'contract-nowhere', key: 'k' }, to, PLAIN, {}))).toBe(
        'NoSuchBucket',
      )
    })
  })
}
