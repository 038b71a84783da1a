import { type Profiler, Session } from 'node:inspector'

/** Which blocks of src/ have run, counted by V8 itself: an input that reaches a new one is worth keeping. */
export class Coverage {
  readonly #session = new Session()
  readonly #seen = new Set<string>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Blocks that ran since the last look and in none before it. They count as seen once they are `marked`. */
  fresh(): readonly string[] {
    const blocks: string[] = []
    for (const { url, functions } of this.#taken()) {
      if (!url.includes('/src/')) continue
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${url}:${startOffset}:${endOffset}`
          if (count > 0 && !this.#seen.has(block)) blocks.push(block)
        }
    }
    return blocks
  }

  mark(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block)
  }

  get size(): number {
    return this.#seen.size
  }

  /** The session is of this thread: it answers before `post` returns. */
  #taken(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error) throw error
      taken = result
    })
    return taken
  }
}
