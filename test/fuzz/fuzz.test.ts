import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Corpus } from '../../tools/fuzz/corpus.ts'
import { explore, replay } from '../../tools/fuzz/explore.ts'
import { dice, type Target } from '../../tools/fuzz/target.ts'
import { openTarget, TARGETS, type TargetName } from '../../tools/fuzz/targets.ts'

/** `npm run fuzz` goes on from here for hours. Here it is always the same inputs, and so many. */
const SEED = 20_261_124
const COUNTS: Partial<Record<TargetName, number>> = {
  sockets: 100,
  answers: 200,
  officers: 150,
  sealed: 200,
  requests: 400,
  wire: 1500,
}

describe.each(Object.keys(TARGETS) as TargetName[])('%s', name => {
  it('takes all that was ever worth keeping, and what is made of it, as it must', {
    timeout: 180_000,
  }, async () => {
    const target: Target = await openTarget(name)
    const inputs = [
      ...target.seeds.map(seed => Buffer.from(seed, 'latin1')),
      ...new Corpus(join('test/corpus', name)).read(),
    ]
    const exploring = { target, inputs, roll: dice(SEED) }
    await replay(exploring)
    expect(await explore(exploring, COUNTS[name] ?? 1000)).toBe(COUNTS[name] ?? 1000)
    await target.close?.()
  })
})

it('tells an input that is not taken as it must be, and gives it back', async () => {
  const target: Target = {
    seeds: ['abc'],
    words: ['x'],
    longest: 10,
    run(input) {
      if (input.includes('x')) throw new Error('an x')
    },
  }
  const exploring = { target, inputs: [Buffer.from('abc')], roll: dice(SEED) }
  await replay(exploring)
  const finding = await explore(exploring, 10_000).catch(error => error)
  expect(finding).toMatchObject({ name: 'Finding', cause: { message: 'an x' } })
  expect(finding.input.toString()).toContain('x')
})
