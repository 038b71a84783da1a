import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Corpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { openTarget, TARGETS, type TargetName } from './targets.ts'

/**
 * Chooses from all inputs that were kept the few that reach all there is to reach, shortest first, and writes
 * them to test/corpus. What once was a finding (`found-*`) stays there:
 *
 *     node tools/fuzz/distil.ts NAME…
 */
const names = process.argv.slice(2) as TargetName[]
for (const name of names.length > 0 ? names : (Object.keys(TARGETS) as TargetName[])) {
  const folder = join('test/corpus', name)
  const target = await openTarget(name)
  const coverage = new Coverage()
  const old = new Corpus(folder)
  const known = [...old.read(), ...new Corpus(join('.tools/fuzz', name)).read()]
  for (const seed of target.seeds) await target.run(Buffer.from(seed, 'latin1'))
  coverage.mark(coverage.fresh())
  const chosen: Buffer[] = []
  for (const input of known.sort((a, b) => a.length - b.length || Buffer.compare(a, b))) {
    await target.run(input)
    const reached = coverage.fresh()
    if (reached.length === 0) continue
    coverage.mark(reached)
    chosen.push(input)
  }
  await target.close?.()
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) if (!name.startsWith('found-')) rmSync(join(folder, name))
  for (const input of chosen) old.keep(input)
  console.log(`${name}: ${chosen.length} of ${known.length} inputs, ${coverage.size} blocks`)
}
