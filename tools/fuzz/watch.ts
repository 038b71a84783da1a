import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

/** What a thread is to explore. */
export interface Task {
  readonly name: string
  /** Whose inputs it starts from. */
  readonly folders: readonly string[]
  readonly seed: number
  /** Inputs and seconds at most. */
  readonly inputs: number
  readonly seconds: number
  readonly trace: SharedArrayBuffer
}

export type Report =
  | { readonly kind: 'found'; readonly input: Uint8Array }
  | { readonly kind: 'done'; readonly tried: number; readonly blocks: number }
  | { readonly kind: 'failed'; readonly input: Uint8Array; readonly why: string }

/** No input takes more than a moment; a loaded machine may take long over one all the same. */
const HANGS_AFTER = 60_000
const MAX_INPUT = 1 << 20

/**
 * Explores a target in a thread of its own, so that an input which is never done with can be told as well.
 * @param found told of inputs that reached something new
 */
export function explored(
  task: Omit<Task, 'trace'>,
  found: (input: Uint8Array) => void,
): Promise<Exclude<Report, { kind: 'found' }>> {
  const trace = new Trace(new SharedArrayBuffer(HEAD + MAX_INPUT))
  const worker = new Worker(join(import.meta.dirname, 'thread.ts'), {
    workerData: { ...task, trace: trace.memory } satisfies Task,
  })
  return new Promise(resolve => {
    const finish = (report: Exclude<Report, { kind: 'found' }>) => {
      clearInterval(watch)
      void worker.terminate()
      resolve(report)
    }
    let seen = -1
    const watch = setInterval(() => {
      if (trace.count === seen && seen > 0)
        finish({ kind: 'failed', input: trace.read(), why: `nothing happened for ${HANGS_AFTER} ms` })
      seen = trace.count
    }, HANGS_AFTER)
    worker.on('message', (report: Report) => (report.kind === 'found' ? found(report.input) : finish(report)))
    // What nobody caught ends the thread: an error outside of the call that read the input, which may be an earlier one.
    worker.on('error', error =>
      finish({ kind: 'failed', input: trace.read(), why: (error as Error).stack ?? '' }),
    )
    worker.on('exit', () => finish({ kind: 'failed', input: trace.read(), why: 'the thread ended' }))
  })
}

const HEAD = 8

/** Memory in which a thread notes the input that it is about to try. */
export class Trace {
  readonly memory: SharedArrayBuffer
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#head = new Int32Array(memory, 0, 2)
    this.#bytes = new Uint8Array(memory, HEAD)
  }

  /** Inputs that were tried so far. */
  get count(): number {
    return Atomics.load(this.#head, 0)
  }

  write(input: Uint8Array): void {
    this.#bytes.set(input)
    Atomics.store(this.#head, 1, input.length)
    Atomics.add(this.#head, 0, 1)
  }

  read(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, Atomics.load(this.#head, 1)))
  }
}
