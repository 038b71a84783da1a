import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, type Json, readCanonical } from '../../src/custody/canonical.ts'

const jcs = JSON.parse(readFileSync('test/vectors/custody/jcs.json', 'utf8')) as {
  cases: { name: string; input: string; hex: string }[]
}

describe('canonical JSON', () => {
  for (const { name, input, hex } of jcs.cases)
    it(`encodes the vector "${name}" that RFC 8785 names`, () => {
      expect(Buffer.from(canonical(JSON.parse(input))).toString('hex')).toBe(hex)
    })

  it('reads back what it wrote', () => {
    const documents = fc
      .jsonValue({ maxDepth: 5 })
      .filter(value => numbersOf(value).every(Number.isSafeInteger))
    fc.assert(
      fc.property(documents, value => {
        const text = canonical(value as Json)
        expect(canonical(readCanonical(Buffer.from(text), 1 << 20))).toBe(text)
      }),
    )
  })

  it('refuses a document that is not its own encoding', () => {
    for (const text of [
      '{"b":1,"a":2}',
      '{"a": 1}',
      '{"a":1,"a":2}',
      '{"a":1.0}',
      '{"a":1e2}',
      '{"a":-0}',
      '"\\u0061"',
      '"\\/"',
      '\ufeff{}',
      '{}\n',
    ])
      expect(() => readCanonical(Buffer.from(text), 100), text).toThrow(/JSON|canonical/)
  })

  it('refuses floats, integers beyond 2^53, lone surrogates, depth and size', () => {
    expect(() => readCanonical(Buffer.from('{"a":1.5}'), 100)).toThrow(/integers/)
    expect(() => readCanonical(Buffer.from('9007199254740993'), 100)).toThrow(/integers/)
    expect(() => canonical('\ud800')).toThrow(/Unicode/)
    expect(() => canonical(Number.NaN)).toThrow(/finite/)
    expect(() => readCanonical(Buffer.from('['.repeat(40) + ']'.repeat(40)), 100)).toThrow(/16 deep/)
    const deepest = '['.repeat(30_000) + ']'.repeat(30_000)
    expect(() => readCanonical(Buffer.from(deepest), 60_000)).toThrow(/16 deep/)
    expect(() => readCanonical(Buffer.from(`"${'a'.repeat(100)}"`), 100)).toThrow(/at most 100/)
  })
})

function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : []
}
