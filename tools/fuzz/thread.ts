import { parentPort, workerData } from 'node:worker_threads'
import { Corpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { explore, Finding, replay } from './explore.ts'
import { dice } from './target.ts'
import { openTarget, type TargetName } from './targets.ts'
import { type Report, type Task, Trace } from './watch.ts'

/** Explores one target. Its watcher sees by the trace what is being tried, should it never end. */
const { name, folders, seed, inputs: most, seconds, trace: memory } = workerData as Task
const trace = new Trace(memory)
const tell = (report: Report) => parentPort!.postMessage(report)

Error.stackTraceLimit = 0
const coverage = new Coverage()
const target = await openTarget(name as TargetName)
const inputs = [
  ...target.seeds.map(text => Buffer.from(text, 'latin1')),
  ...folders.flatMap(folder => new Corpus(folder).read()),
]
const exploring = {
  target,
  inputs,
  roll: dice(seed),
  coverage,
  trying: (input: Buffer) => trace.write(input),
  found: (input: Buffer) => tell({ kind: 'found', input }),
}
const end = performance.now() + seconds * 1000
try {
  await replay(exploring)
  const tried = inputs.length + (await explore(exploring, most, () => performance.now() > end))
  await target.close?.()
  tell({ kind: 'done', tried, blocks: coverage.size })
} catch (error) {
  if (!(error instanceof Finding)) throw error
  tell({ kind: 'failed', input: error.input, why: describe(error.cause) })
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
