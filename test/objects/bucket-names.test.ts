import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BucketNames } from '../../src/objects/bucket-names.ts'

describe('names of buckets', () => {
  test('lead to the store and back', () => {
    const names = new BucketNames({ photos: 'acme-photos' })
    expect(names.toStore('photos')).toBe('acme-photos')
    expect(names.toLogical('acme-photos')).toBe('photos')
    expect(names.toStore('letters')).toBe('letters')
    expect(names.toLogical('letters')).toBe('letters')
  })

  test("a store's bucket is reached by one name only, and one behind another's name by none", () => {
    const names = new BucketNames({ photos: 'acme-photos' })
    expect(() => names.toStore('acme-photos')).toThrow('NoSuchBucket')
    expect(names.toLogical('photos')).toBeUndefined()
  })

  test('two buckets may take each other’s name', () => {
    const names = new BucketNames({ red: 'blue', blue: 'red' })
    expect([names.toStore('red'), names.toStore('blue')]).toEqual(['blue', 'red'])
    expect([names.toLogical('red'), names.toLogical('blue')]).toEqual(['blue', 'red'])
  })

  test('no two names lead to one bucket, whatever is configured', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const pairs = fc.uniqueArray(fc.tuple(name, name), {
      comparator: (x, y) => x[0] === y[0] || x[1] === y[1],
    })
    fc.assert(
      fc.property(pairs, configured => {
        const names = new BucketNames(Object.fromEntries(configured))
        const reached = ['a', 'b', 'c', 'd', 'e'].filter(each => names.isLogical(each))
        expect(new Set(reached.map(each => names.toStore(each))).size).toBe(reached.length)
        for (const each of reached) expect(names.toLogical(names.toStore(each))).toBe(each)
      }),
    )
  })
})
