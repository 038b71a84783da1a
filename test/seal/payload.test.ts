import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DoesNotOpen } from '../../src/seal/errors.ts'
import { MIN_PART } from '../../src/seal/lengths.ts'
import { PayloadOpener } from '../../src/seal/payload.ts'
import { openMultipartTail } from '../../src/seal/trailer.ts'
import { bytes, ENGINES, type SealedObject, sealMultipart, sealSingle } from './fixture.ts'
import { SLOW } from './slow.ts'

const RUNS = SLOW ? 500 : 25

/** Feeds an opener from a stored object, `limit` bytes at a time at the most. */
function open(object: SealedObject, opener: PayloadOpener, limit = 1, slides = false): Buffer {
  const pieces: Uint8Array[] = []
  let at = opener.stored.first
  for (let want = opener.want(limit); want > 0; want = opener.want(limit)) {
    pieces.push(...openSome(opener, object.stored.subarray(at, at + want), slides))
    at += want
  }
  expect(opener.done).toBe(true)
  expect(at).toBe(opener.stored.last + 1)
  return Buffer.concat(pieces)
}

/** In place, or by sliding down over a segment of other bytes. */
function openSome(opener: PayloadOpener, sealed: Uint8Array, slides: boolean): readonly Uint8Array[] {
  if (!slides) return opener.open(Buffer.from(sealed))
  const memory = Buffer.alloc(65_536 + sealed.length, 0xa5)
  memory.set(sealed, 65_536)
  const pieces = opener.open(memory.subarray(65_536), memory)
  expect(pieces.length).toBeLessThanOrEqual(2)
  return pieces.map(piece => Buffer.from(piece))
}

const lengths = fc.oneof(
  fc.constantFrom(1, 65_479, 65_480, 65_481, 131_000, 131_001, 200_000),
  fc.integer({ min: 1, max: 300_000 }),
)

describe.each(ENGINES)('a payload on the $name engine', engine => {
  test('of one part opens whole, however it is fed', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 400_000 }), fc.boolean(), (length, limit, slides) => {
        const plain = bytes('plain', length)
        const object = sealSingle(engine, plain)
        expect(object.stored.length).toBe(object.layout.stored)
        const opener = new PayloadOpener(object.dek, object.layout)
        expect(open(object, opener, limit, slides).equals(plain)).toBe(true)
        expect(opener.summary?.size).toBe(length)
      }),
      { numRuns: RUNS },
    )
  })

  test('opens in any range, reading no more than the segments that hold it', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), fc.nat(), fc.boolean(), (length, a, b, slides) => {
        const plain = bytes('plain', length)
        const object = sealSingle(engine, plain)
        const first = Math.min(a % length, b % length)
        const last = Math.max(a % length, b % length)
        const opener = new PayloadOpener(object.dek, object.layout, { first, last })
        expect(open(object, opener, 200_000, slides).equals(plain.subarray(first, last + 1))).toBe(true)
        expect(opener.stored.last - opener.stored.first).toBeLessThan(last - first + 2 * 65_536)
      }),
      { numRuns: RUNS },
    )
  })

  test('of several parts opens from the table in its own tail', () => {
    const plains = [
      { number: 1, plain: bytes('one', MIN_PART) },
      { number: 5, plain: bytes('five', MIN_PART + 12_345) },
      { number: 9, plain: bytes('nine', 1) },
    ]
    const object = sealMultipart(engine, plains)
    const whole = Buffer.concat(plains.map(part => part.plain))
    const tail = openMultipartTail(object.dek, object.stored.subarray(-65_536), object.stored.length)
    if (!('layout' in tail)) throw new Error('the tail holds the table')
    for (const slides of [false, true]) {
      const opened = open(object, new PayloadOpener(object.dek, tail.layout), 1_000_000, slides)
      expect(opened.equals(whole)).toBe(true)
    }
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: whole.length - 1 }), (a, b) => {
        const range = { first: Math.min(a, b), last: Math.max(a, b) }
        const opened = open(object, new PayloadOpener(object.dek, tail.layout, range), 100_000, true)
        expect(opened.equals(whole.subarray(range.first, range.last + 1))).toBe(true)
      }),
      { numRuns: SLOW ? 100 : 6 },
    )
  })

  test('does not open when any one bit is changed', () => {
    const object = sealSingle(engine, bytes('plain', 70_000))
    fc.assert(
      fc.property(fc.nat({ max: object.stored.length * 8 - 1 }), bit => {
        const stored = Buffer.from(object.stored)
        stored[bit >> 3]! ^= 1 << (bit & 7)
        expect(() => open({ ...object, stored }, new PayloadOpener(object.dek, object.layout))).toThrow(
          DoesNotOpen,
        )
      }),
      { numRuns: SLOW ? 5_000 : 100 },
    )
  })
})
