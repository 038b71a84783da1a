import { describe, expect, test } from 'vitest'
import { put } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

export function testBuckets(subject: Subject): void {
  describe(`${subject.name}: buckets`, () => {
    const store = useStore(subject)

    test('a bucket is there between its creation and its deletion', async () => {
      const before = Date.now() - 2000
      const bucket = await newBucket(store())
      await store().headBucket(bucket)
      const listed = (await store().listBuckets()).find(({ name }) => name === bucket)
      expect(listed?.created.getTime()).toBeGreaterThan(before)
      await store().deleteBucket(bucket)
      expect((await store().listBuckets()).map(({ name }) => name)).not.toContain(bucket)
      await expect(store().headBucket(bucket)).rejects.toMatchObject({ status: 404 })
    })

    test('a bucket that is there already is refused with the code that says whose it is', async () => {
      const bucket = await newBucket(store())
      expect(await refusalCode(store().createBucket(bucket, {}))).toBe('BucketAlreadyOwnedByYou')
    })

    test('a bucket that holds an object is not deleted', async () => {
      const bucket = await newBucket(store())
      await put(store(), { bucket, key: 'k' }, Buffer.from('x'))
      expect(await refusalCode(store().deleteBucket(bucket))).toBe('BucketNotEmpty')
      await store().delete({ bucket, key: 'k' }, {})
      await store().deleteBucket(bucket)
    })

    test.skipIf(subject.lacks.has('strict bucket names'))('a name that S3 forbids is refused', async () => {
      for (const name of ['ab', 'Upper', '-begins', 'ends-', 'a..b', '192.168.1.1', 'x'.repeat(64)])
        expect(await refusalCode(store().createBucket(name, {})), name).toBe('InvalidBucketName')
    })

    test('every operation on a bucket that is not there says so', async () => {
      const bucket = 'contract-nowhere'
      const at = { bucket, key: 'k' }
      expect(await refusalCode(store().deleteBucket(bucket))).toBe('NoSuchBucket')
      expect(await refusalCode(put(store(), at, Buffer.from('x')))).toBe('NoSuchBucket')
      expect(await refusalCode(store().get(at, undefined, {}))).toBe('NoSuchBucket')
      expect(await refusalCode(store().delete(at, {}))).toBe('NoSuchBucket')
      expect(await refusalCode(store().list(bucket, { version: 2, limit: 1 }))).toBe('NoSuchBucket')
      expect(await refusalCode(store().createUpload(at, { metadata: {}, settings: {} }))).toBe('NoSuchBucket')
      expect(await refusalCode(store().getVersioning(bucket))).toBe('NoSuchBucket')
      expect(await refusalCode(store().getTags(at))).toBe('NoSuchBucket')
    })
  })
}
