import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Listing, ListQuery, Store } from '../../../src/store/store.ts'
import { put } from './bytes.ts'
import { newBucket, refusalCode, type Subject, useStore } from './subject.ts'

const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'b0', 'd', 'e/', 'e/f', 'ä', '日本/x', '🔑']

export function testListings(subject: Subject): void {
  describe(`${subject.name}: listings`, () => {
    const store = useStore(subject)
    let bucket: string
    beforeAll(async () => {
      bucket = await newBucket(store())
      // A store over files keeps no data in a folder's name.
      for (const key of KEYS) await put(store(), { bucket, key }, Buffer.from(key.endsWith('/') ? '' : key))
    })
    const list = (query: Omit<ListQuery, 'version' | 'limit'> & { limit?: number; version?: 1 | 2 }) =>
      store().list(bucket, { version: 2, limit: 1000, ...query })

    test('keys come in the order of their UTF-8 bytes, with size, time and ETag', async () => {
      const { objects, prefixes, truncated } = await list({})
      expect(objects.map(({ key }) => key)).toEqual(KEYS)
      expect({ prefixes, truncated }).toEqual({ prefixes: [], truncated: false })
      for (const object of objects) {
        const { length, etag, lastModified } = await store().head({ bucket, key: object.key }, {})
        expect(object).toMatchObject({ length, etag })
        expect(Math.abs(object.lastModified.getTime() - lastModified.getTime())).toBeLessThan(1000)
      }
    })

    test('a delimiter rolls keys up', async () => {
      const { objects, prefixes } = await list({ delimiter: '/' })
      expect(objects.map(({ key }) => key)).toEqual(['a', 'b0', 'd', 'ä', '🔑'])
      expect(prefixes).toEqual(['b/', 'e/', '日本/'])
    })

    test('prefix and delimiter look into a folder', async () => {
      const inside = await list({ prefix: 'b/', delimiter: '/' })
      expect(inside.objects.map(({ key }) => key)).toEqual(['b/1', 'b/2'])
      expect(inside.prefixes).toEqual(['b/c/'])
      const half = await list({ prefix: 'b', delimiter: '/' })
      expect(half.objects.map(({ key }) => key)).toEqual(['b0'])
      expect(half.prefixes).toEqual(['b/'])
      expect((await list({ prefix: 'e/', delimiter: '/' })).objects.map(({ key }) => key)).toEqual([
        'e/',
        'e/f',
      ])
    })

    test.each([1, 2] as const)('pages of every size hold every entry once (version %i)', async version => {
      for (const query of [{}, { delimiter: '/' }, { prefix: 'b' }, { prefix: 'b', delimiter: '/' }]) {
        const whole = names(await list({ ...query, version }))
        const limits =
          'delimiter' in query && subject.lacks.has('pages with a delimiter') ? [100] : [1, 2, 3, 100]
        for (const limit of limits) {
          const pages = await allPages(store(), bucket, { version, limit, ...query })
          expect(pages.flatMap(names).sort(), JSON.stringify({ query, limit })).toEqual([...whole].sort())
          for (const page of pages) expect(names(page).length).toBeLessThanOrEqual(limit)
        }
      }
    })

    test('names after a marker only', async () => {
      expect((await list({ after: 'b/2' })).objects[0]?.key).toBe('b/c/3')
      expect((await list({ after: 'b/2x' })).objects[0]?.key).toBe('b/c/3')
      expect((await list({ after: 'zzz' })).objects[0]?.key).toBe('ä')
      const behindPrefix = await list({ version: 1, delimiter: '/', after: 'b/' })
      expect(behindPrefix.prefixes).toEqual(['e/', '日本/'])
      expect(behindPrefix.objects.map(({ key }) => key)).toEqual(['b0', 'd', 'ä', '🔑'])
    })

    test('a page of no entries is empty and not truncated', async () => {
      expect(await list({ limit: 0 })).toMatchObject({ objects: [], prefixes: [], truncated: false })
    })

    test('a page that is just full is not truncated', async () => {
      expect(await list({ limit: KEYS.length })).toMatchObject({ truncated: false })
      expect(await list({ limit: KEYS.length - 1 })).toMatchObject({ truncated: true })
    })

    test('listings agree with the definition, whatever the keys', async () => {
      const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é'), minLength: 1, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(
          fc
            .uniqueArray(text, { maxLength: 8, minLength: 1 })
            .map(keys => keys.filter(key => storable(subject, key))),
          fc.record({
            prefix: fc.constantFrom('', 'a', 'a/', '-'),
            delimiter: fc.constantFrom('/', 'a', undefined),
          }),
          fc.integer({ min: 1, max: 4 }),
          async (keys, { prefix, delimiter }, wanted) => {
            const limit = delimiter && subject.lacks.has('pages with a delimiter') ? 100 : wanted
            const own = await newBucket(store())
            for (const key of keys) await put(store(), { bucket: own, key }, Buffer.alloc(0))
            const query = { version: 2 as const, limit, prefix, ...(delimiter && { delimiter }) }
            const pages = await allPages(store(), own, query)
            expect(pages.flatMap(names).sort()).toEqual(defined(keys, prefix, delimiter).sort())
          },
        ),
        { numRuns: process.env['SLOW'] ? 200 : 15 },
      )
    })

    test.skipIf(subject.lacks.has('checked tokens'))('a token that no page gave is refused', async () => {
      expect(await refusalCode(list({ token: 'x!' }))).toBe('InvalidArgument')
    })
  })
}

/** A store over files cannot hold every key; the property draws from those it can. */
function storable(subject: Subject, key: string): boolean {
  if (subject.lacks.has('keys below keys')) return !key.includes('/')
  return !subject.lacks.has('keys of any steps') || !/^\/|\/$|\/\//.test(key)
}

function names({ objects, prefixes }: Listing): string[] {
  return [...objects.map(({ key }) => key), ...prefixes]
}

async function allPages(store: Store, bucket: string, query: ListQuery): Promise<Listing[]> {
  const pages: Listing[] = []
  let next: string | undefined
  do {
    const from = next === undefined ? {} : query.version === 1 ? { after: next } : { token: next }
    const page = await store.list(bucket, { ...query, ...from })
    pages.push(page)
    next = page.next
    expect(page.truncated).toBe(next !== undefined)
    expect(pages.length).toBeLessThan(100)
  } while (next !== undefined)
  return pages
}

/** Amazon S3 User Guide, "Organizing objects using prefixes". */
function defined(keys: string[], prefix: string, delimiter: string | undefined): string[] {
  const rolled = keys
    .filter(key => key.startsWith(prefix))
    .map(key => {
      const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
      return at < 0 ? key : key.slice(0, at + delimiter!.length)
    })
  return [...new Set(rolled)]
}
