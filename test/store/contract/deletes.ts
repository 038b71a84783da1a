import { describe, expect, test } from 'vitest'
import { get, pattern, put } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

export function testDeletes(subject: Subject): void {
  describe(`${subject.name}: deletes`, () => {
    const store = useStore(subject)

    test('what is deleted is gone, and deleting it again succeeds', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(10))
      expect(await store().delete(at, {})).toMatchObject({ deleteMarker: false })
      expect(await refusalCode(store().get(at, undefined, {}))).toBe('NoSuchKey')
      await store().delete(at, {})
    })

    const conditional = test.skipIf(subject.lacks.has('conditional deletes'))
    conditional('a delete with If-Match spares another object', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const { etag } = await put(store(), at, pattern(10))
      expect(await refusalCode(store().delete(at, { ifMatch: 'other' }))).toBe('PreconditionFailed')
      expect(await get(store(), at)).toHaveLength(10)
      await store().delete(at, { ifMatch: etag })
      await expect(store().head(at, {})).rejects.toMatchObject({ status: 404 })
    })

    test('many are deleted at once, each with its own outcome', async () => {
      const bucket = await newBucket(store())
      for (const key of ['a', 'b', 'c']) await put(store(), { bucket, key }, pattern(10))
      const outcomes = await store().deleteMany(
        bucket,
        [{ key: 'a' }, { key: 'missing' }, { key: 'c' }],
        false,
      )
      expect(outcomes).toHaveLength(3)
      expect(outcomes.map(({ key }) => key).sort()).toEqual(['a', 'c', 'missing'])
      expect(outcomes.some(outcome => 'error' in outcome)).toBe(false)
      expect((await store().list(bucket, { version: 2, limit: 10 })).objects.map(({ key }) => key)).toEqual([
        'b',
      ])
    })
  })
}
