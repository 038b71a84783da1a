import { describe, expect, test } from 'vitest'
import { PLAIN, pattern, put } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1)

export function testTags(subject: Subject): void {
  describe(`${subject.name}: tags`, () => {
    const store = useStore(subject)

    test('tags of an object are put, counted, replaced and deleted', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(10), {}, { ...PLAIN, settings: { 'x-amz-tagging': 'a=1&b=x%20y' } })
      const { tags } = await store().getTags(at)
      expect([...tags].sort(byKey)).toEqual([
        { key: 'a', value: '1' },
        { key: 'b', value: 'x y' },
      ])
      expect((await store().head(at, {})).attributes['x-amz-tagging-count']).toBe('2')
      await store().putTags(at, [{ key: 'c', value: '' }])
      expect((await store().getTags(at)).tags).toEqual([{ key: 'c', value: '' }])
      await store().deleteTags(at)
      expect((await store().getTags(at)).tags).toEqual([])
    })

    test('a copy keeps its source’s tags, unless told to replace them', async () => {
      const bucket = await newBucket(store())
      const from = { bucket, key: 'from' }
      await put(store(), from, pattern(10), {}, { ...PLAIN, settings: { 'x-amz-tagging': 'a=1' } })
      await store().copy(from, { bucket, key: 'kept' }, PLAIN, {})
      expect((await store().getTags({ bucket, key: 'kept' })).tags).toEqual([{ key: 'a', value: '1' }])
      const replaced = { 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'b=2' }
      await store().copy(from, { bucket, key: 'replaced' }, { ...PLAIN, settings: replaced }, {})
      expect((await store().getTags({ bucket, key: 'replaced' })).tags).toEqual([{ key: 'b', value: '2' }])
    })

    test('tags over the limits are refused', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(10))
      const many = Array.from({ length: 11 }, (_, i) => ({ key: `k${i}`, value: 'v' }))
      expect(await refusalCode(store().putTags(at, many))).toBe('BadRequest')
      expect(await refusalCode(store().putTags(at, [{ key: 'k'.repeat(129), value: 'v' }]))).toBe(
        'InvalidTag',
      )
      expect(await refusalCode(store().putTags(at, [{ key: 'k', value: 'v'.repeat(257) }]))).toBe(
        'InvalidTag',
      )
    })

    test('tags of a bucket are put, replaced and deleted', async () => {
      const bucket = await newBucket(store())
      expect(await refusalCode(store().getBucketTags(bucket))).toBe('NoSuchTagSet')
      await store().putBucketTags(bucket, [{ key: 'team', value: 'a b' }])
      expect(await store().getBucketTags(bucket)).toEqual([{ key: 'team', value: 'a b' }])
      await store().deleteBucketTags(bucket)
      expect(await refusalCode(store().getBucketTags(bucket))).toBe('NoSuchTagSet')
    })
  })
}
