import { expect, test } from 'vitest'
import { noteSeen, type SeenRule } from '../../src/custody/seen.ts'
import { findAnswer, keepAnswer } from '../../src/registry/custody/answer-rows.ts'
import type { CustodyRegistry } from '../../src/registry/custody/registry.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 24)
const RULE: SeenRule = { kind: 'old-key', most: 2, span: HOUR }

/** What must hold of what callers did lately, over whatever registry. */
export function callsHold(open: () => Promise<CustodyRegistry>): void {
  test('an answer is found for a day, and gives way to a thousand later ones', async () => {
    const registry = await open()
    await registry.activate()
    const answer = (call: string, at: number) => ({ call, asked: 'x', status: 200, answer: '{}', at })
    await keepAnswer(registry, answer('first', NOW))
    expect(await findAnswer(registry, 'first', NOW + 23 * HOUR)).toEqual(answer('first', NOW))
    expect(await findAnswer(registry, 'first', NOW + 24 * HOUR)).toBeUndefined()
    await registry.write(async transaction => {
      const many = Array.from({ length: 998 }, (_, n) => answer(`${n}`, NOW + 1 + n))
      await transaction.insertInto('answers').values(many).execute()
    })
    await keepAnswer(registry, answer('thousandth', NOW + 5000))
    expect(await findAnswer(registry, 'first', NOW + 6000)).toBeDefined()
    await keepAnswer(registry, answer('one more', NOW + 5001))
    expect(await findAnswer(registry, 'first', NOW + 6000)).toBeUndefined()
    expect(await findAnswer(registry, '0', NOW + 6000)).toBeDefined()
  })

  test('so many things of a caller are new within the span, and each is known again', async () => {
    const registry = await open()
    await registry.activate()
    const note = async (caller: string, thing: string, now: number) =>
      await noteSeen(registry, RULE, caller, thing, now)
    expect([await note('a', '1', NOW), await note('a', '2', NOW)]).toEqual(['new', 'new'])
    expect([await note('a', '3', NOW), await note('a', '1', NOW)]).toEqual(['too-many', 'again'])
    expect(await note('b', '1', NOW)).toBe('new')
    expect(await note('a', '1', NOW + HOUR)).toBe('new')
  })

  test('a clock set back makes nothing new that was seen, and locks nobody out', async () => {
    const registry = await open()
    await registry.activate()
    const note = async (thing: string, now: number) => await noteSeen(registry, RULE, 'a', thing, now)
    expect([await note('1', NOW), await note('2', NOW)]).toEqual(['new', 'new'])
    expect(await note('1', NOW - 10 * HOUR)).toBe('again')
    expect(await note('3', NOW - 10 * HOUR)).toBe('new')
  })
}
