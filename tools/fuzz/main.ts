import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Corpus } from './corpus.ts'
import { TARGETS } from './targets.ts'
import { explored } from './watch.ts'

/**
 * Looks for inputs that the program does not take as it must:
 *
 *     npm run fuzz -- [--target NAME] [--seconds 60] [--inputs N] [--seed N]
 *
 * Without a target all of them are explored, one after another, each for that long. It starts from test/corpus and from
 * what earlier runs kept in .tools/fuzz; `tools/fuzz/distil.ts` carries over from there what is worth committing.
 * A finding is kept as .tools/fuzz/NAME/failed-*, and the exit code is then 1.
 */
const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    inputs: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
    seed: { type: 'string', default: String(Date.now() >>> 0) },
  },
})
const names = Object.keys(TARGETS).filter(name => values.target === undefined || name === values.target)
if (names.length === 0)
  throw new Error(`There is no target ${values.target}: ${Object.keys(TARGETS).join(', ')}.`)

const seed = Number(values.seed)
let total = 0
for (const name of names) {
  const kept = new Corpus(join('.tools/fuzz', name))
  let found = 0
  const task = {
    name,
    folders: [join('test/corpus', name), join('.tools/fuzz', name)],
    seed,
    inputs: Number(values.inputs),
    seconds: Number(values.seconds),
  }
  const report = await explored(task, input => {
    kept.keep(input)
    found++
  })
  if (report.kind === 'failed') {
    process.exitCode = 1
    console.error(
      `${name}: FAILED, seed ${seed}, input kept as ${kept.keep(report.input, 'failed-')}\n${report.why}`,
    )
  } else {
    total += report.tried
    console.log(
      `${name}: ${report.tried} inputs, ${report.blocks} blocks reached, ${found} inputs kept, none failed`,
    )
  }
}
console.log(`${total} inputs, seed ${seed}`)
