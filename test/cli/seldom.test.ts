import { expect, test } from 'vitest'
import type { Log } from '../../src/cli/log.ts'
import { Seldom } from '../../src/cli/seldom.ts'

test('what repeats is said at once, then every ten seconds for each reason, with what went unsaid', () => {
  const said: unknown[] = []
  let now = 5_000
  const log: Log = { debug() {}, info() {}, error() {}, warn: (event, fields) => said.push([event, fields]) }
  const seldom = new Seldom(log, () => now)
  const stalled = { reason: 'stalled', detail: 'no byte for a while' }
  seldom.warn('store-unavailable', stalled)
  seldom.warn('store-unavailable', { reason: 'full', detail: 'no room' })
  for (let i = 0; i < 7; i++) seldom.warn('store-unavailable', stalled)
  expect(said).toHaveLength(2)
  now += 9_999
  seldom.warn('store-unavailable', stalled)
  expect(said).toHaveLength(2)
  now += 1
  seldom.warn('store-unavailable', stalled)
  expect(said[2]).toEqual(['store-unavailable', { ...stalled, unsaid: 8 }])
  now += 10_000
  seldom.warn('store-unavailable', stalled)
  expect(said[3]).toEqual(['store-unavailable', stalled])
})
