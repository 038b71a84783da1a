import { describe, expect, test } from 'vitest'
import type { ReadConditions } from '../../../src/store/store.ts'
import { get, pattern, put } from './bytes.ts'
import { newBucket, refusal, refusalCode, type Subject, useStore } from './subject.ts'

const HOUR = 3_600_000

export function testConditions(subject: Subject): void {
  describe(`${subject.name}: conditions`, () => {
    const store = useStore(subject)

    async function writtenObject() {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const { etag } = await put(store(), at, pattern(100))
      const past = new Date(Date.now() - HOUR)
      const future = new Date(Date.now() + HOUR)
      return { at, etag, past, future }
    }

    test('reads follow the precedence of conditions', async () => {
      const { at, etag, past, future } = await writtenObject()
      const outcomes: [ReadConditions, number][] = [
        [{ ifMatch: etag }, 200],
        [{ ifMatch: 'other' }, 412],
        [{ ifNoneMatch: etag }, 304],
        [{ ifNoneMatch: 'other' }, 200],
        [{ ifModifiedSince: past }, 200],
        [{ ifUnmodifiedSince: past }, 412],
        [{ ifUnmodifiedSince: future }, 200],
        [{ ifMatch: etag, ifUnmodifiedSince: past }, 200],
        [{ ifMatch: 'other', ifUnmodifiedSince: future }, 412],
        [{ ifNoneMatch: etag, ifModifiedSince: past }, 304],
        [{ ifNoneMatch: 'other', ifModifiedSince: past }, 200],
        [{ ifMatch: etag, ifNoneMatch: etag }, 304],
      ]
      for (const [conditions, status] of outcomes) {
        const label = JSON.stringify(conditions)
        if (status === 200) {
          expect(await get(store(), at, undefined, conditions), label).toHaveLength(100)
          expect(await store().head(at, conditions), label).toMatchObject({ etag })
        } else {
          expect((await refusal(store().get(at, undefined, conditions))).status, label).toBe(status)
          expect((await refusal(store().head(at, conditions))).status, label).toBe(status)
        }
      }
    })

    test.skipIf(subject.lacks.has('conditions by whole seconds'))(
      'an object not modified since its own time is 304',
      async () => {
        const { at } = await writtenObject()
        const { lastModified } = await store().head(at, {})
        // HTTP dates know whole seconds.
        const ifModifiedSince = new Date(Math.ceil(lastModified.getTime() / 1000) * 1000)
        expect((await refusal(store().get(at, undefined, { ifModifiedSince }))).status).toBe(304)
      },
    )

    test('If-None-Match: * writes once, however many try', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      const tries = await Promise.allSettled(
        [1, 2, 3, 4, 5].map(seed => put(store(), at, pattern(100, seed), { ifNoneMatch: '*' })),
      )
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of tries)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ status: 412 })
      const winner = tries.findIndex(({ status }) => status === 'fulfilled')
      expect((await get(store(), at)).equals(pattern(100, winner + 1))).toBe(true)
    })

    test('If-Match overwrites only what it names', async () => {
      const { at, etag } = await writtenObject()
      expect(await refusalCode(put(store(), at, pattern(5), { ifMatch: 'other' }))).toBe('PreconditionFailed')
      expect(await get(store(), at)).toHaveLength(100)
      await put(store(), at, pattern(7), { ifMatch: etag })
      expect(await refusalCode(put(store(), at, pattern(5), { ifMatch: etag }))).toBe('PreconditionFailed')
      expect(await get(store(), at)).toHaveLength(7)
    })

    test('If-Match where nothing is there is NoSuchKey', async () => {
      const at = { bucket: await newBucket(store()), key: 'k' }
      expect(await refusalCode(put(store(), at, pattern(5), { ifMatch: 'any' }))).toBe('NoSuchKey')
    })

    test.skipIf(subject.lacks.has('writes unless an ETag'))(
      'If-None-Match with an ETag spares that one',
      async () => {
        const { at, etag } = await writtenObject()
        expect(await refusalCode(put(store(), at, pattern(5), { ifNoneMatch: etag }))).toBe(
          'PreconditionFailed',
        )
        await put(store(), at, pattern(5), { ifNoneMatch: 'other' })
      },
    )
  })
}
