import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  largestPart,
  largestPlaintext,
  MIN_PART,
  partLength,
  plaintextLength,
  storedLength,
  zerosLength,
} from '../../src/seal/lengths.ts'
import { SLOW } from './slow.ts'

/** The rule once more, in whole numbers of any size, as the specification writes it. */
const exact = {
  ceil: (a: bigint, b: bigint) => (a + b - 1n) / b,
  part: (p: bigint) => p + 40n + 16n * exact.ceil(p + 40n, 65520n),
  stored: (P: bigint) => {
    if (P === 0n) return 0n
    const minParts = P / 5242880n < 9999n ? P / 5242880n : 9999n
    return P + 496n + 16n * exact.ceil(P, 65520n) + 192n * minParts
  },
}

const GiB = 2 ** 30
const TiB = 2 ** 40
const LARGEST = 48 * TiB

/** Where one of the three terms steps. */
const kinks = [
  65_480,
  65_481,
  65_520,
  65_521,
  131_000,
  MIN_PART,
  2 * MIN_PART,
  9_998 * MIN_PART,
  9_999 * MIN_PART,
  10_000 * MIN_PART,
  5 * GiB,
  TiB,
  5 * TiB,
  LARGEST,
]

const aroundKinks = fc
  .tuple(fc.constantFrom(...kinks), fc.integer({ min: -70_000, max: 70_000 }))
  .map(([kink, offset]) => Math.max(0, kink + offset))
const anyLength = fc.oneof(
  aroundKinks,
  fc.integer({ min: 0, max: 2_000_000 }),
  fc.nat({ max: LARGEST }),
  fc.nat({ max: 2 ** 52 }),
)

describe('the length rule', () => {
  test('gives the published figures', () => {
    expect([1, 1_024, 1_048_576, 5 * GiB, MIN_PART + 1, 10_000 * MIN_PART].map(storedLength)).toEqual([
      513, 1_536, 1_049_344, 5_370_217_280, 5_244_865, 52_443_523_440,
    ])
    expect(storedLength(0)).toBe(0)
    expect(partLength(5 * GiB)).toBe(5 * GiB + 1_311_096)
    expect(zerosLength('single', [1])).toBe(200)
    expect(zerosLength('multipart', [1])).toBe(40)
    expect(zerosLength('multipart', [MIN_PART, 1])).toBe(56)
    expect(zerosLength('multipart', Array(10_000).fill(MIN_PART))).toBe(163_144)
  })

  test('gives the published limits', () => {
    expect(largestPart(5 * GiB)).toBe(5_367_398_360)
    expect(largestPlaintext(5 * TiB)).toBe(5_496_214_041_760)
    expect(largestPlaintext(10_000 * 5 * GiB)).toBe(53_673_982_080_160)
  })

  test('is exact where floating point is not', () => {
    fc.assert(
      fc.property(anyLength, plain => {
        expect(BigInt(partLength(plain))).toBe(exact.part(BigInt(plain)))
        expect(BigInt(storedLength(plain))).toBe(exact.stored(BigInt(plain)))
      }),
      { numRuns: SLOW ? 200_000 : 5_000 },
    )
  })

  test('rises with every byte, and its inverse gives back the plaintext length', () => {
    fc.assert(
      fc.property(anyLength, plain => {
        expect(storedLength(plain + 1)).toBeGreaterThan(storedLength(plain))
        expect(plaintextLength(storedLength(plain))).toBe(plain)
        expect(partLength(plain + 1)).toBeGreaterThan(partLength(plain))
      }),
      { numRuns: SLOW ? 200_000 : 5_000 },
    )
  })

  test('rises without a gap of knowledge through the first megabytes', () => {
    let last = -1
    let next = 0
    for (let plain = 0; plain <= (SLOW ? 15 * 2 ** 20 : 300_000); plain++) {
      const stored = storedLength(plain)
      if (stored <= last || plaintextLength(stored) !== plain) throw new Error(`wrong at ${plain}`)
      if (SLOW || plain < 20_000) {
        for (next = last + 1; next < stored; next++) {
          if (plaintextLength(next) !== undefined) throw new Error(`${next} is no sealed length`)
        }
      }
      last = stored
    }
  })

  test('finds for every limit the largest object and part that fit, and no larger one', () => {
    fc.assert(
      fc.property(anyLength, limit => {
        const plain = largestPlaintext(limit + 513)
        expect(storedLength(plain)).toBeLessThanOrEqual(limit + 513)
        expect(storedLength(plain + 1)).toBeGreaterThan(limit + 513)
        const part = largestPart(limit + 57)
        expect(partLength(part)).toBeLessThanOrEqual(limit + 57)
        expect(partLength(part + 1)).toBeGreaterThan(limit + 57)
      }),
      { numRuns: SLOW ? 200_000 : 5_000 },
    )
  })

  test('costs at most 512 bytes and 0.0281 %', () => {
    fc.assert(
      fc.property(anyLength, plain => {
        expect(storedLength(plain) - plain).toBeLessThanOrEqual(512 + plain * 0.000281)
      }),
      { numRuns: SLOW ? 200_000 : 5_000 },
    )
  })

  test('leaves at least 24 bytes of zeros in every layout that a client can make', () => {
    // The worst part: its last segment holds one byte.
    const worst = (whole: number) => whole * 65_520 - 39
    const most = fc.oneof(
      fc.constant(MIN_PART),
      fc.constantFrom(worst(81), worst(82), worst(800), worst(81_945)),
      fc.integer({ min: MIN_PART, max: 5 * GiB }),
    )
    const last = fc.oneof(
      fc.constantFrom(1, 65_480, 65_481, 131_000, 131_001, MIN_PART - 1, MIN_PART, worst(1), worst(2)),
      fc.integer({ min: 1, max: 5 * GiB }),
    )
    const parts = fc.oneof(
      fc.tuple(fc.array(most, { maxLength: 30 }), last).map(([head, tail]) => [...head, tail]),
      fc
        .tuple(fc.integer({ min: 0, max: 9_999 }), most, last)
        .map(([count, each, tail]) => [...Array<number>(count).fill(each), tail]),
    )
    let least = Number.POSITIVE_INFINITY
    fc.assert(
      fc.property(parts, fc.boolean(), (layout, single) => {
        const kind = single ? 'single' : 'multipart'
        const zeros = zerosLength(kind, single ? [layout.at(-1)!] : layout)
        least = Math.min(least, zeros)
        expect(zeros).toBeGreaterThanOrEqual(24)
      }),
      { numRuns: SLOW ? 60_000 : 600, examples: [[[65_481], false]] },
    )
    expect(least).toBe(24)
  })
})
