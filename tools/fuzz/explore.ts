import type { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import type { Dice, Target } from './target.ts'

export interface Exploring {
  readonly target: Target
  /** What is known, which exploring adds to. */
  readonly inputs: Buffer[]
  readonly roll: Dice
  readonly coverage?: Coverage
  /** Told of each input before it is tried. */
  readonly trying?: (input: Buffer) => void
  /** Told of an input that reached something new. */
  readonly found?: (input: Buffer) => void
}

/** An input after which something did not hold. */
export class Finding extends Error {
  override readonly name = 'Finding'
  readonly input: Buffer

  constructor(input: Buffer, cause: unknown) {
    super('an input was not taken as it must be', { cause })
    this.input = input
  }
}

/** Inputs between two looks at the coverage, each of which costs as much as some dozens of them. */
const BATCH = { least: 32, most: 4096 }

/**
 * Tries every input that is known.
 * @throws Finding
 */
export async function replay(exploring: Exploring): Promise<void> {
  const { coverage } = exploring
  for (const input of exploring.inputs) {
    await attempt(exploring, input)
    coverage?.mark(coverage.fresh())
  }
}

/**
 * Tries new inputs, made out of known ones. What they are follows from the dice and the coverage alone.
 * @param most inputs
 * @param enough asked now and then whether to stop before
 * @returns how many were tried
 * @throws Finding
 */
export async function explore(
  exploring: Exploring,
  most: number,
  enough: () => boolean = () => false,
): Promise<number> {
  const { target, inputs, roll, coverage } = exploring
  let size = BATCH.least
  let tried = 0
  while (tried < most && !enough()) {
    const batch = Array.from({ length: Math.min(size, most - tried) }, () =>
      mutate(inputs[roll(inputs.length)]!, inputs[roll(inputs.length)]!, target, roll),
    )
    for (const input of batch) await attempt(exploring, input)
    tried += batch.length
    const fresh = coverage?.fresh() ?? []
    // The less is found, the seldomer it pays to look.
    size = fresh.length > 0 ? BATCH.least : Math.min(2 * size, BATCH.most)
    if (coverage === undefined || fresh.length === 0) continue
    await keepNew(exploring, coverage, batch)
    // What a second time did not reach hangs on what came before, and would be looked for again and again.
    coverage.mark(fresh)
  }
  return tried
}

/** Tries the batch again, by halves, to see which of its inputs reach something new. */
async function keepNew(exploring: Exploring, coverage: Coverage, batch: readonly Buffer[]): Promise<void> {
  for (const input of batch) await attempt(exploring, input)
  const fresh = coverage.fresh()
  if (fresh.length === 0) return
  const [input] = batch
  if (batch.length === 1 && input !== undefined) {
    coverage.mark(fresh)
    exploring.inputs.push(input)
    exploring.found?.(input)
    return
  }
  const middle = batch.length >> 1
  await keepNew(exploring, coverage, batch.slice(0, middle))
  await keepNew(exploring, coverage, batch.slice(middle))
}

async function attempt({ target, trying }: Exploring, input: Buffer): Promise<void> {
  trying?.(input)
  try {
    await target.run(input)
  } catch (error) {
    throw new Finding(input, await withStack(target, input, error))
  }
}

/** Most inputs are refused, and to note where costs more than to refuse: a finding is tried once more for it. */
async function withStack(target: Target, input: Buffer, error: unknown): Promise<unknown> {
  if (Error.stackTraceLimit > 0) return error
  Error.stackTraceLimit = 20
  try {
    await target.run(input)
    return error
  } catch (again) {
    return again
  } finally {
    Error.stackTraceLimit = 0
  }
}
