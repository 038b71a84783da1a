import { describe, expect, test } from 'vitest'
import { get, PLAIN, pattern, put, putPart } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

const SMALLEST = 5 * 1024 * 1024

export function testUploads(subject: Subject): void {
  describe(`${subject.name}: multipart uploads`, () => {
    const store = useStore(subject)

    async function begun(key = 'k', object = PLAIN) {
      const at = { bucket: await newBucket(store()), key }
      return { at, uploadId: await store().createUpload(at, object) }
    }

    test('parts sent in any order, sent again and left out make the object that Complete lists', async () => {
      const { at, uploadId } = await begun('k', { ...PLAIN, metadata: { th1: 'envelope' } })
      const first = pattern(SMALLEST, 1)
      const third = pattern(SMALLEST + 1, 3)
      const last = pattern(1, 9)
      const parts = [
        await putPart(store(), at, uploadId, 9, last),
        await putPart(store(), at, uploadId, 3, third),
        await putPart(store(), at, uploadId, 2, pattern(10, 2)),
        await putPart(store(), at, uploadId, 1, pattern(SMALLEST, 8)),
        await putPart(store(), at, uploadId, 1, first),
      ]
      await expect(store().head(at, {})).rejects.toMatchObject({ status: 404 })
      const listed = [parts[4]!, parts[1]!, parts[0]!]
      const { etag } = await store().completeUpload(at, uploadId, listed, {})
      const whole = Buffer.concat([first, third, last])
      const head = await store().head(at, {})
      expect(head).toMatchObject({ length: whole.length, etag, metadata: { th1: 'envelope' } })
      expect((await get(store(), at)).equals(whole)).toBe(true)
      for (const [from, to] of [
        [SMALLEST - 1, SMALLEST],
        [SMALLEST, SMALLEST],
        [2 * SMALLEST, 2 * SMALLEST + 1],
      ] as const)
        expect((await get(store(), at, { first: from, last: to })).equals(whole.subarray(from, to + 1))).toBe(
          true,
        )
      expect((await get(store(), at, { suffix: 256 })).equals(whole.subarray(-256))).toBe(true)
    })

    test.skipIf(subject.lacks.has('Complete twice'))(
      'Complete sent again gives the same answer',
      async () => {
        const { at, uploadId } = await begun()
        const parts = [await putPart(store(), at, uploadId, 1, pattern(100))]
        const { etag } = await store().completeUpload(at, uploadId, parts, {})
        expect(await store().completeUpload(at, uploadId, parts, {})).toMatchObject({ etag })
      },
    )

    test('Complete refuses part lists that are wrong, and the upload goes on', async () => {
      const { at, uploadId } = await begun()
      const small = await putPart(store(), at, uploadId, 1, pattern(100))
      const last = await putPart(store(), at, uploadId, 2, pattern(100))
      const large = await putPart(store(), at, uploadId, 3, pattern(SMALLEST))
      const complete = (parts: { number: number; etag: string }[]) =>
        store().completeUpload(at, uploadId, parts, {})
      expect(await refusalCode(complete([large, last]))).toBe('InvalidPartOrder')
      expect(
        await refusalCode(complete([{ number: 1, etag: last.etag === small.etag ? 'x' : last.etag }])),
      ).toBe('InvalidPart')
      expect(await refusalCode(complete([{ number: 7, etag: small.etag }]))).toBe('InvalidPart')
      expect(await refusalCode(complete([small, last]))).toBe('EntityTooSmall')
      await complete([last])
      expect((await get(store(), at)).equals(pattern(100))).toBe(true)
    })

    test('Complete obeys conditions', async () => {
      const { at, uploadId } = await begun()
      await put(store(), at, pattern(10))
      const parts = [await putPart(store(), at, uploadId, 1, pattern(100))]
      expect(await refusalCode(store().completeUpload(at, uploadId, parts, { ifNoneMatch: '*' }))).toBe(
        'PreconditionFailed',
      )
      expect(await refusalCode(store().completeUpload(at, uploadId, parts, { ifMatch: 'other' }))).toBe(
        'PreconditionFailed',
      )
      expect(await get(store(), at)).toHaveLength(10)
      const { etag } = await store().head(at, {})
      await store().completeUpload(at, uploadId, parts, { ifMatch: etag })
      expect(await get(store(), at)).toHaveLength(100)
    })

    test('an upload that ended or never was is NoSuchUpload', async () => {
      const { at, uploadId } = await begun()
      await store().abortUpload(at, uploadId)
      expect(await refusalCode(putPart(store(), at, uploadId, 1, pattern(10)))).toBe('NoSuchUpload')
      if (!subject.lacks.has('NoSuchUpload first'))
        expect(await refusalCode(store().completeUpload(at, uploadId, [{ number: 1, etag: 'x' }], {}))).toBe(
          'NoSuchUpload',
        )
      if (!subject.lacks.has('aborts of what never was'))
        expect(await refusalCode(store().abortUpload(at, 'made-up'))).toBe('NoSuchUpload')
      const other = { ...at, key: 'other' }
      const { uploadId: mine } = { uploadId: await store().createUpload(at, PLAIN) }
      expect(await refusalCode(putPart(store(), other, mine, 1, pattern(10)))).toBe('NoSuchUpload')
    })

    test('bytes of an object become a part without passing here', async () => {
      const { at, uploadId } = await begun()
      const source = { bucket: at.bucket, key: 'source' }
      const bytes = pattern(SMALLEST + 1000)
      const { etag } = await put(store(), source, bytes)
      const range = { first: 10, last: SMALLEST + 9 }
      expect(await refusalCode(store().copyPart(source, range, at, uploadId, 1, 'other'))).toBe(
        'PreconditionFailed',
      )
      const copied = await store().copyPart(source, range, at, uploadId, 1, etag)
      const last = await putPart(store(), at, uploadId, 2, pattern(100, 2))
      await store().delete(source, {})
      await store().completeUpload(at, uploadId, [{ number: 1, ...copied }, last], {})
      const whole = Buffer.concat([bytes.subarray(10, SMALLEST + 10), pattern(100, 2)])
      expect((await get(store(), at)).equals(whole)).toBe(true)
    })

    test.skipIf(subject.lacks.has('pages of uploads'))(
      'uploads in progress are listed by key and age, in pages',
      async () => {
        const bucket = await newBucket(store())
        const begun: string[] = []
        for (const key of ['b', 'a', 'b', 'c/1', 'c/2'])
          begun.push(`${key} ${await store().createUpload({ bucket, key }, PLAIN)}`)
        const [b1, a, b2, c1, c2] = begun as [string, string, string, string, string]
        const all = await store().listUploads(bucket, { limit: 100 })
        const shown = all.uploads.map(({ key, uploadId }) => `${key} ${uploadId}`)
        expect([...shown].sort()).toEqual([a, b1, b2, c1, c2].sort())
        expect(shown.map(line => line.split(' ')[0])).toEqual(['a', 'b', 'b', 'c/1', 'c/2'])
        expect((await store().listUploads(bucket, { limit: 100, prefix: 'c' })).uploads).toHaveLength(2)
        expect(await store().listUploads(bucket, { limit: 100, delimiter: '/' })).toMatchObject({
          prefixes: ['c/'],
        })
        const seen: string[] = []
        let page = await store().listUploads(bucket, { limit: 2 })
        for (;;) {
          seen.push(...page.uploads.map(({ key, uploadId }) => `${key} ${uploadId}`))
          if (!page.truncated) break
          page = await store().listUploads(bucket, {
            limit: 2,
            keyMarker: page.nextKey!,
            uploadMarker: page.nextUpload!,
          })
        }
        expect(seen).toEqual(shown)
      },
    )
  })
}
