import { describe, expect, it } from 'vitest'
import { witnessWords } from '../../src/custody/state-words.ts'

const NOW = Date.UTC(2026, 10, 24)

describe('what a person is told of the witness', () => {
  it('is until when leases go on while it is silent, and that they have stopped', () => {
    const silent = { state: 'silent', skew: 0, leasesUntil: NOW + 1 }
    expect(witnessWords(silent, NOW)).toMatch(
      /leases go on until 2026-11-24T00:00:00.001Z, and nothing is executed/,
    )
    expect(witnessWords(silent, NOW + 1)).toMatch(/nothing is leased any more/)
  })

  it('is that clocks are apart, whichever is ahead', () => {
    for (const skew of [-61_000, 61_000])
      expect(witnessWords({ state: 'witnessed', skew }, NOW)).toMatch(/61 s apart, so nothing is executed/)
    expect(witnessWords({ state: 'witnessed', skew: 60_000 }, NOW)).toBe('witnessed')
  })
})
