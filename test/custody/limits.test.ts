import { expect, test } from 'vitest'
import { Limit } from '../../src/custody/limits.ts'

test('so many calls are admitted in a sliding minute, for each caller apart', () => {
  const limit = new Limit(2, 60_000)
  expect([limit.take('a', 0), limit.take('a', 10_000), limit.take('a', 20_000)]).toEqual([0, 0, 40_000])
  expect(limit.take('b', 20_000)).toBe(0)
  expect([limit.take('a', 60_000), limit.take('a', 60_000)]).toEqual([0, 10_000])
})

test('a clock that was set back locks nobody out', () => {
  const limit = new Limit(1, 60_000)
  expect(limit.take('a', 1_000_000)).toBe(0)
  expect(limit.take('a', 0)).toBe(0)
})

test('who calls often is held back, however many others call', () => {
  const limit = new Limit(1, 60_000)
  limit.take('often', 0)
  for (let other = 0; other < 3000; other++) limit.take(`other ${other}`, 1)
  expect(limit.take('often', 2)).toBeGreaterThan(0)
})
