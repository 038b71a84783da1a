import { goProgram } from '../go.ts'
import { VERSITYGW } from '../versitygw.ts'
import { type Backend, withBackend } from './backends.ts'
import { startFront } from './front.ts'
import type { Run } from './results.ts'
import { runSingly, runSuite } from './suite-run.ts'

export interface VersitygwSuite {
  /** The backend behind Treuhand. */
  readonly backend: string
  /** Whether each test runs in a process of its own on the way through. */
  readonly each: boolean
  /** Only these tests, each in a process of its own. */
  readonly tests: readonly string[] | undefined
}

/** versitygw's own suite, directly against versitygw and through Treuhand before the backend. */
export async function versitygwSuite({ backend: name, each, tests }: VersitygwSuite): Promise<Run> {
  const program = await goProgram(VERSITYGW)
  const run = (endpoint: string, { root, removeBuckets }: Backend, names: readonly string[] | undefined) => {
    const subject = { program, endpoint, root, cleanUp: removeBuckets }
    return names === undefined ? runSuite(subject) : runSingly(subject, names)
  }

  const direct = await withBackend('versitygw', backend => run(backend.endpoint!, backend, tests))
  const through = await withBackend(name, async backend => {
    const front = await startFront(backend)
    try {
      return await run(front.endpoint, backend, tests ?? (each ? [...direct.keys()] : undefined))
    } finally {
      await front.stop()
    }
  })
  return { direct, through }
}
