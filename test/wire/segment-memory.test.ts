import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SegmentMemory } from '../../src/wire/segment-memory.ts'

const KIB = 1024

describe('SegmentMemory', () => {
  it('lends large pieces while few are lent, small ones when many are', () => {
    const memory = new SegmentMemory(4096 * KIB)
    const sizes = Array.from({ length: 8 }, () => memory.lend(1e9).length / KIB)
    expect(sizes).toEqual([1024, 1024, 1024, 1024, 64, 64, 64, 64])
  })

  it('spends no large piece on a small body', () => {
    expect(new SegmentMemory(4096 * KIB).lend(64 * KIB).length).toBe(64 * KIB)
  })

  it('refuses to take back what is not lent', () => {
    const memory = new SegmentMemory(1024 * KIB)
    const piece = memory.lend(1)
    memory.takeBack(piece)
    expect(() => memory.takeBack(piece)).toThrow('not lent')
    expect(() => memory.takeBack(new Uint8Array(64 * KIB))).toThrow('not lent')
  })

  it('never lends one piece twice, and keeps no more than its budget', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(1e6), fc.nat(100)), { maxLength: 200 }), steps => {
        const memory = new SegmentMemory(2048 * KIB)
        const lent: Uint8Array<ArrayBuffer>[] = []
        for (const [lend, expected, which] of steps) {
          if (lend || lent.length === 0) {
            const piece = memory.lend(expected)
            expect(lent.some(other => other.buffer === piece.buffer)).toBe(false)
            lent.push(piece)
          } else memory.takeBack(lent.splice(which % lent.length, 1)[0]!)
          expect(memory.lentBytes).toBe(lent.reduce((sum, piece) => sum + piece.length, 0))
        }
      }),
    )
  })
})
