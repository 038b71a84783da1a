import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumDigest, fullObjectChecksum } from '../../src/objects/checksum.ts'

const FOLDED = ['CRC32C', 'CRC64NVME'] as const
type Folded = (typeof FOLDED)[number]

/** Bytes of a piece that is digested without folding. */
const SHORT = 8 * 1024

const digestOf = (algorithm: Folded, pieces: readonly Uint8Array[]) => {
  const digest = checksumDigest(algorithm)
  for (const piece of pieces) digest.update(piece)
  return digest.digest()
}

/** By another way: the values of short pieces, combined. */
function combinedOf(algorithm: Folded, bytes: Uint8Array): Uint8Array {
  const parts = []
  for (let at = 0; at < bytes.length; at += SHORT) {
    const piece = bytes.subarray(at, at + SHORT)
    parts.push({ length: piece.length, value: digestOf(algorithm, [piece]) })
  }
  return fullObjectChecksum(algorithm, parts).value
}

/** Bytes without a pattern that a folding could hide in. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed | 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return state >>> 24
  })
}

const message = fc
  .tuple(fc.integer({ min: 30_000, max: 300_000 }), fc.integer())
  .map(([length, seed]) => noise(length, seed))
const cuts = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 6 })

const cut = (bytes: Uint8Array, at: readonly number[]) => {
  const borders = [0, ...[...at].sort((a, b) => a - b).filter(border => border < bytes.length), bytes.length]
  return borders.slice(1).map((border, i) => bytes.subarray(borders[i], border))
}

test.each(FOLDED)('a long message has the %s that its pieces combine to, however it comes', algorithm => {
  fc.assert(
    fc.property(message, cuts, (bytes, at) => {
      expect(Buffer.from(digestOf(algorithm, cut(bytes, at)))).toEqual(
        Buffer.from(combinedOf(algorithm, bytes)),
      )
    }),
    { numRuns: 15 },
  )
})

test.each(FOLDED)('digests of long messages by %s take turns', algorithm => {
  const messages = [noise(200_000, 1), noise(150_000, 2), noise(90_000, 3)]
  const digests = messages.map(() => checksumDigest(algorithm))
  for (let at = 0; at < 200_000; at += 10_000)
    for (const [i, digest] of digests.entries()) digest.update(messages[i]!.subarray(at, at + 10_000))
  expect(digests.map(digest => Buffer.from(digest.digest()))).toEqual(
    messages.map(bytes => Buffer.from(combinedOf(algorithm, bytes))),
  )
})

test.each(FOLDED)('one changed bit anywhere in a long message changes its %s', algorithm => {
  const bytes = noise(120_000, 4)
  const value = Buffer.from(digestOf(algorithm, [bytes]))
  for (const at of [0, 1, 7, 8, 65_535, 65_536, 116_000, 119_999]) {
    const changed = bytes.slice()
    changed[at]! ^= 16
    expect(Buffer.from(digestOf(algorithm, [changed]))).not.toEqual(value)
  }
})
