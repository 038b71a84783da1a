import { expect, test } from 'vitest'
import { random } from '../../src/objects/random.ts'

test('random bytes come in the length that was asked for, on memory of their own', () => {
  for (const length of [0, 1, 24, 39, 4_095, 4_096, 4_097, 100_000]) {
    const bytes = random(length)
    expect(bytes).toHaveLength(length)
    expect(bytes.buffer.byteLength).toBe(length)
  }
})

test('no random bytes are handed out twice, across many draws from the source', () => {
  const seen = new Set(Array.from({ length: 20_000 }, () => Buffer.from(random(16)).toString('hex')))
  expect(seen.size).toBe(20_000)
})
