import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mutate, SEEDS } from '../test/wire/fuzz/mutate.ts'
import { dice, tryInput } from '../test/wire/fuzz/target.ts'

/**
 * Fuzzes the readers of src/wire:
 *
 *     node tools/fuzz-wire.ts [SECONDS] [FOLDER]
 *
 * Inputs whose outcome is new are kept in FOLDER (.tools/fuzz-wire), from which the next run starts. An input
 * on which two ways of reading disagree is kept as FOLDER/failed-*, and the run ends with exit code 1.
 */
const seconds = Number(process.argv[2] ?? 3600)
const folder = process.argv[3] ?? '.tools/fuzz-wire'
mkdirSync(folder, { recursive: true })
const kept = readdirSync(folder).map(name => readFileSync(join(folder, name)))
const corpus: Buffer[] = [...SEEDS.map(text => Buffer.from(text, 'latin1')), ...kept]
const seed = Date.now() >>> 0
const roll = dice(seed)
const outcomes = new Set<string>()
for (const input of corpus) outcomes.add(shape(await tryInput(input, roll)))

const end = performance.now() + seconds * 1000
let tried = 0
while (performance.now() < end) {
  const input = mutate(corpus[roll(corpus.length)]!, corpus[roll(corpus.length)]!, roll)
  tried++
  try {
    const outcome = shape(await tryInput(input, roll))
    if (outcomes.has(outcome)) continue
    outcomes.add(outcome)
    corpus.push(input)
    keep('', input)
  } catch (error) {
    console.error(`seed ${seed}, input ${tried}, kept as ${keep('failed-', input)}:`, error)
    process.exit(1)
  }
}
console.log(`${tried} inputs, ${corpus.length} kept, none failed`)

/** An outcome without its numbers, of which there are too many. */
function shape(outcome: string): string {
  return outcome.replace(/body:\d+:\d+|chunks:[0-9a-f]*/g, taken => taken.slice(0, 4)).replace(/\d{3,}/g, 'n')
}

function keep(prefix: string, input: Buffer): string {
  const path = join(folder, prefix + createHash('sha256').update(input).digest('hex').slice(0, 16))
  writeFileSync(path, input)
  return path
}
