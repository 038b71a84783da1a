import { describe, expect, test } from 'vitest'
import { get, PLAIN, pattern, put, readAll } from './bytes.ts'
import { newBucket, refusal, refusalCode, type Subject, useStore } from './subject.ts'

const SIZES = [0, 1, 65_535, 65_536, 131_072, 131_073, 1_048_577]

export function testObjects(subject: Subject): void {
  describe(`${subject.name}: objects`, () => {
    const store = useStore(subject)

    test.for(SIZES)('an object of %i bytes comes back as it was written', async length => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const bytes = pattern(length)
      const { etag } = await put(store(), at, bytes)
      const object = await store().get(at, undefined, {})
      expect(object).toMatchObject({ length, etag })
      expect(object.body.length).toBe(length)
      expect((await readAll(object.body)).equals(bytes)).toBe(true)
      expect(await store().head(at, {})).toMatchObject({ length, etag })
    })

    test('metadata and content-disposition come back as they were written', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const object = {
        metadata: { th1: 'A'.repeat(216), th1m: 'b-_'.repeat(200) },
        contentDisposition: `attachment; filename="${'z'.repeat(1000)}"`,
        settings: {},
      }
      await put(store(), at, Buffer.from('x'), {}, object)
      const { metadata, contentDisposition } = await store().head(at, {})
      expect({ metadata, contentDisposition }).toEqual({
        metadata: object.metadata,
        contentDisposition: object.contentDisposition,
      })
    })

    test('two writes of the same bytes have different times or ETags only, and the later one stays', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(10, 1))
      const second = await put(store(), at, pattern(2000, 2))
      expect((await store().head(at, {})).etag).toBe(second.etag)
      expect((await get(store(), at)).equals(pattern(2000, 2))).toBe(true)
    })

    test('a range gives exactly its bytes', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const bytes = pattern(300_000)
      await put(store(), at, bytes)
      for (const [first, last] of [
        [0, 0],
        [0, 299_999],
        [1, 2],
        [131_071, 131_073],
        [299_999, 299_999],
        [5, 900_000],
      ] as const) {
        const object = await store().get(at, { first, last }, {})
        expect(object).toMatchObject({ length: 300_000, range: { first, last: Math.min(last, 299_999) } })
        expect((await readAll(object.body)).equals(bytes.subarray(first, last + 1))).toBe(true)
      }
      expect((await get(store(), at, { first: 299_990 })).equals(bytes.subarray(299_990))).toBe(true)
      expect((await get(store(), at, { suffix: 256 })).equals(bytes.subarray(-256))).toBe(true)
      expect((await get(store(), at, { suffix: 900_000 })).equals(bytes)).toBe(true)
    })

    test('a range behind the end is refused', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      await put(store(), at, pattern(10))
      expect(await refusal(store().get(at, { first: 10 }, {}))).toMatchObject({
        code: 'InvalidRange',
        status: 416,
      })
    })

    test('an object that is not there is NoSuchKey', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      expect(await refusalCode(store().get(at, undefined, {}))).toBe('NoSuchKey')
      await expect(store().head(at, {})).rejects.toMatchObject({ status: 404 })
    })

    test('a writer that was given up leaves what was there', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      for (const length of [1000, 400_000]) {
        await put(store(), at, pattern(length))
        const writer = await store().put(at, PLAIN, length, {})
        await writer.write([pattern(length / 2, 2)])
        writer.abort()
        expect((await get(store(), at)).equals(pattern(length))).toBe(true)
      }
    })

    test('a writer shows nothing before it has finished', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const writer = await store().put(at, PLAIN, 400_000, {})
      await writer.write([pattern(400_000)])
      await expect(store().head(at, {})).rejects.toMatchObject({ status: 404 })
      expect((await store().list(at.bucket, { version: 2, limit: 10 })).objects).toEqual([])
      await writer.finish()
      expect((await store().head(at, {})).length).toBe(400_000)
    })

    test('a reader that began before an overwrite or a deletion gets the old bytes to the end', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const bytes = pattern(1_000_000)
      await put(store(), at, bytes)
      const overwritten = await store().get(at, undefined, {})
      const deleted = await store().get(at, undefined, {})
      await put(store(), at, pattern(1000, 9))
      expect((await readAll(overwritten.body)).equals(bytes)).toBe(true)
      await store().delete(at, {})
      expect((await readAll(deleted.body)).equals(bytes)).toBe(true)
    })

    test('keys are any text of up to 1,024 bytes of UTF-8', async () => {
      const bucket = await newBucket(store())
      const keys = ['ä/ß', '日本語', '🔑', ' blank ', 'a%2Fb', 'quote\'"&<>', 'plus+plus', 'ü'.repeat(100)]
      for (const key of keys) await put(store(), { bucket, key }, Buffer.from(key))
      for (const key of keys) expect((await get(store(), { bucket, key })).toString()).toBe(key)
      const listed = (await store().list(bucket, { version: 2, limit: 100 })).objects.map(({ key }) => key)
      expect(listed).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    })

    test.skipIf(subject.lacks.has('keys below keys'))('keys a and a/b live side by side', async () => {
      await eachHoldsItself(['a', 'a/b'])
    })

    test.skipIf(subject.lacks.has('keys of any steps'))('a key may have any steps', async () => {
      await eachHoldsItself(['a', 'a/', 'a/b', 'a//b', '/a', './a', '../a'])
    })

    async function eachHoldsItself(keys: readonly string[]): Promise<void> {
      const bucket = await newBucket(store())
      for (const key of keys) await put(store(), { bucket, key }, Buffer.from(key))
      for (const key of keys) expect((await get(store(), { bucket, key })).toString()).toBe(key)
    }
  })
}
