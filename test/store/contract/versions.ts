import { describe, expect, test } from 'vitest'
import type { Store, VersionListing, VersionsQuery } from '../../../src/store/store.ts'
import { get, PLAIN, pattern, put, putPart } from './bytes.ts'
import { newBucket, refusal, refusalCode, type Subject, useStore } from './subject.ts'

export function testVersions(subject: Subject): void {
  describe.skipIf(subject.lacks.has('versioning'))(`${subject.name}: versions`, () => {
    const store = useStore(subject)

    async function versioned(key = 'k') {
      const at = { bucket: await newBucket(store()), key }
      await store().putVersioning(at.bucket, 'Enabled')
      return at
    }
    const versionOf = (published: { attributes: { 'x-amz-version-id'?: string } }) =>
      published.attributes['x-amz-version-id']!

    test('a bucket has no versioning until it is switched on, and never goes back to none', async () => {
      const bucket = await newBucket(store())
      expect(await store().getVersioning(bucket)).toBeUndefined()
      const written = await put(store(), { bucket, key: 'k' }, pattern(1))
      expect(written.attributes['x-amz-version-id']).toBeUndefined()
      await store().putVersioning(bucket, 'Enabled')
      expect(await store().getVersioning(bucket)).toBe('Enabled')
      await store().putVersioning(bucket, 'Suspended')
      expect(await store().getVersioning(bucket)).toBe('Suspended')
    })

    test('every version stays readable by its id', async () => {
      const at = await versioned()
      const first = versionOf(await put(store(), at, pattern(10, 1)))
      const second = versionOf(await put(store(), at, pattern(20, 2)))
      expect(first).not.toBe(second)
      expect((await get(store(), { ...at, versionId: first })).equals(pattern(10, 1))).toBe(true)
      expect((await get(store(), at)).equals(pattern(20, 2))).toBe(true)
      expect((await store().head({ ...at, versionId: first }, {})).attributes['x-amz-version-id']).toBe(first)
      expect((await store().head(at, {})).attributes['x-amz-version-id']).toBe(second)
    })

    test('a delete leaves a marker; deleting the marker brings the object back', async () => {
      const at = await versioned()
      await put(store(), at, pattern(10))
      const marker = await store().delete(at, {})
      expect(marker).toMatchObject({ deleteMarker: true })
      const gone = await refusal(store().get(at, undefined, {}))
      expect(gone).toMatchObject({ code: 'NoSuchKey', attributes: { 'x-amz-delete-marker': 'true' } })
      const byName = await refusal(store().get({ ...at, versionId: marker.versionId! }, undefined, {}))
      expect(byName).toMatchObject({ code: 'MethodNotAllowed', status: 405 })
      expect((await store().list(at.bucket, { version: 2, limit: 10 })).objects).toEqual([])
      expect(await store().delete({ ...at, versionId: marker.versionId! }, {})).toMatchObject({
        deleteMarker: true,
      })
      expect(await get(store(), at)).toHaveLength(10)
    })

    test('deleting the newest version makes the one before it current', async () => {
      const at = await versioned()
      await put(store(), at, pattern(10))
      const second = versionOf(await put(store(), at, pattern(20)))
      await store().delete({ ...at, versionId: second }, {})
      expect(await get(store(), at)).toHaveLength(10)
      expect((await store().list(at.bucket, { version: 2, limit: 10 })).objects).toMatchObject([
        { length: 10 },
      ])
    })

    test('under suspended versioning the null version is replaced, others stay', async () => {
      const bucket = await newBucket(store())
      const at = { bucket, key: 'k' }
      await put(store(), at, pattern(1))
      await store().putVersioning(bucket, 'Enabled')
      expect(await get(store(), { ...at, versionId: 'null' })).toHaveLength(1)
      const named = versionOf(await put(store(), at, pattern(2)))
      await store().putVersioning(bucket, 'Suspended')
      await put(store(), at, pattern(3))
      await put(store(), at, pattern(4))
      expect(await get(store(), { ...at, versionId: 'null' })).toHaveLength(4)
      expect(await get(store(), { ...at, versionId: named })).toHaveLength(2)
      const { versions } = await store().listVersions(bucket, { limit: 10 })
      expect(versions.map(({ versionId, length }) => [versionId, length])).toEqual([
        ['null', 4],
        [named, 2],
      ])
      const { deleteMarker } = await store().delete(at, {})
      expect(deleteMarker).toBe(!subject.lacks.has('markers told'))
      expect(await refusalCode(store().get(at, undefined, {}))).toBe('NoSuchKey')
      expect((await store().listVersions(bucket, { limit: 10 })).deleteMarkers).toMatchObject([
        { versionId: 'null', latest: true },
      ])
    })

    test.skipIf(subject.lacks.has('deletes of what is gone'))(
      'a version id that names nothing is refused',
      async () => {
        const at = await versioned()
        const gone = versionOf(await put(store(), at, pattern(10)))
        await store().delete({ ...at, versionId: gone }, {})
        await put(store(), at, pattern(10))
        expect(await refusalCode(store().get({ ...at, versionId: gone }, undefined, {}))).toBe(
          'NoSuchVersion',
        )
        await store().delete({ ...at, versionId: gone }, {})
      },
    )

    test.skipIf(subject.lacks.has('markers over nothing'))('many versions are deleted at once', async () => {
      const at = await versioned()
      const first = versionOf(await put(store(), at, pattern(1)))
      const second = versionOf(await put(store(), at, pattern(2)))
      const outcomes = await store().deleteMany(
        at.bucket,
        [{ key: 'k', versionId: first }, { key: 'k', versionId: second }, { key: 'new' }],
        false,
      )
      expect(outcomes[2]).toMatchObject({ key: 'new', deleteMarker: true })
      const left = await store().listVersions(at.bucket, { limit: 10 })
      expect(left.versions).toEqual([])
      expect(left.deleteMarkers).toHaveLength(1)
    })

    test('Complete and copy make versions too', async () => {
      const at = await versioned()
      const first = versionOf(await put(store(), at, pattern(10)))
      const uploadId = await store().createUpload(at, PLAIN)
      const parts = [await putPart(store(), at, uploadId, 1, pattern(20))]
      const second = versionOf(await store().completeUpload(at, uploadId, parts, {}))
      const third = await store().copy({ ...at, versionId: first }, at, PLAIN, {})
      expect(third.attributes['x-amz-copy-source-version-id']).toBe(first)
      const { versions } = await store().listVersions(at.bucket, { limit: 10 })
      expect(versions.map(({ versionId }) => versionId)).toEqual([versionOf(third), second, first])
      expect(await get(store(), at)).toHaveLength(10)
    })

    test.skipIf(subject.lacks.has('pages of versions'))(
      'versions and markers are listed newest first, in pages of every size',
      async () => {
        const at = await versioned('a')
        const { bucket } = at
        for (const length of [1, 2, 3]) await put(store(), at, pattern(length))
        await store().delete(at, {})
        await put(store(), { bucket, key: 'b' }, pattern(1))
        await put(store(), { bucket, key: 'c/1' }, pattern(1))
        await put(store(), { bucket, key: 'c/2' }, pattern(1))
        const whole = await store().listVersions(bucket, { limit: 100 })
        expect(whole.versions.map(({ key, length }) => `${key} ${length}`)).toEqual([
          'a 3',
          'a 2',
          'a 1',
          'b 1',
          'c/1 1',
          'c/2 1',
        ])
        expect(whole.versions.map(({ latest }) => latest)).toEqual([false, false, false, true, true, true])
        expect(whole.deleteMarkers).toMatchObject([{ key: 'a', latest: true }])
        for (const limit of [1, 2, 3, 4])
          expect(await allVersions(store(), bucket, { limit })).toEqual(entries(whole))
        const rolled = await store().listVersions(bucket, { limit: 100, delimiter: '/' })
        expect(rolled.prefixes).toEqual(['c/'])
        expect(rolled.versions).toHaveLength(4)
      },
    )

    test.skipIf(subject.lacks.has('pages of versions'))(
      'a listing goes on behind a version that was deleted meanwhile',
      async () => {
        const at = await versioned()
        for (const length of [1, 2, 3, 4]) await put(store(), at, pattern(length))
        const page = await store().listVersions(at.bucket, { limit: 2 })
        for (const { versionId } of page.versions) await store().delete({ ...at, versionId }, {})
        const next = { limit: 2, keyMarker: page.nextKey!, versionMarker: page.nextVersion! }
        expect((await store().listVersions(at.bucket, next)).versions.map(({ length }) => length)).toEqual([
          2, 1,
        ])
      },
    )

    test.skipIf(subject.lacks.has('buckets kept by versions'))(
      'a bucket with versions or markers alone is not empty',
      async () => {
        const at = await versioned()
        await store().delete(at, {})
        expect(await refusalCode(store().deleteBucket(at.bucket))).toBe('BucketNotEmpty')
      },
    )

    test.skipIf(subject.lacks.has('conditions on markers'))(
      'If-Match on a key whose newest version is a marker is NoSuchKey, If-None-Match: * writes',
      async () => {
        const at = await versioned()
        const { etag } = await put(store(), at, pattern(1))
        await store().delete(at, {})
        expect(await refusalCode(put(store(), at, pattern(2), { ifMatch: etag }))).toBe('NoSuchKey')
        await put(store(), at, pattern(2), { ifNoneMatch: '*' })
      },
    )

    test('tags belong to one version', async () => {
      const at = await versioned()
      const first = versionOf(
        await put(store(), at, pattern(1), {}, { ...PLAIN, settings: { 'x-amz-tagging': 'a=1' } }),
      )
      await put(store(), at, pattern(2))
      expect(await store().getTags({ ...at, versionId: first })).toMatchObject({
        tags: [{ key: 'a', value: '1' }],
      })
      expect((await store().getTags(at)).tags).toEqual([])
    })
  })
}

function entries(listing: VersionListing): string[] {
  return [...listing.versions, ...listing.deleteMarkers]
    .map(({ key, versionId }) => `${key} ${versionId}`)
    .sort()
}

async function allVersions(store: Store, bucket: string, query: VersionsQuery): Promise<string[]> {
  const seen: string[] = []
  let page = await store.listVersions(bucket, query)
  for (let pages = 1; ; pages++) {
    seen.push(...entries(page))
    expect(pages).toBeLessThan(100)
    if (!page.truncated) return seen.sort()
    const from = {
      keyMarker: page.nextKey!,
      ...(page.nextVersion !== undefined && { versionMarker: page.nextVersion }),
    }
    page = await store.listVersions(bucket, { ...query, ...from })
  }
}
