import { expect, it } from 'vitest'
import './harness.ts'
import { mutate, SEEDS } from './fuzz/mutate.ts'
import { dice, tryInput } from './fuzz/target.ts'

it('what bytes mean does not depend on how they were split (short; `node tools/fuzz-wire.ts` goes on for hours)', async () => {
  const roll = dice(20_261_124)
  const inputs = SEEDS.map(text => Buffer.from(text, 'latin1'))
  for (const input of inputs) await tryInput(input, roll)
  const outcomes = new Set<string>()
  for (let round = 0; round < 1_500; round++) {
    const input = mutate(inputs[roll(inputs.length)]!, inputs[roll(inputs.length)]!, roll)
    outcomes.add(await tryInput(input, roll))
  }
  expect(outcomes.size).toBeGreaterThan(30)
})
