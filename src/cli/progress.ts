const WIDTH = 30
/** Milliseconds between two drawings. */
const PAUSE = 200

/** A bar on standard error, where that is a terminal; elsewhere it is silent, and scripts read the report. */
export class Progress {
  readonly #what: string
  readonly #began = performance.now()
  #total: number | undefined
  #done = 0
  #drawn = Number.NEGATIVE_INFINITY

  /** @param total where it is known */
  constructor(what: string, total?: number) {
    this.#what = what
    this.#total = total
  }

  advance(by = 1): void {
    this.#done += by
    if (!process.stderr.isTTY || performance.now() - this.#drawn < PAUSE) return
    this.#drawn = performance.now()
    process.stderr.write(`\r\x1b[K${this.#line()}`)
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }

  #line(): string {
    const seconds = (performance.now() - this.#began) / 1_000
    const pace = this.#done / Math.max(seconds, 0.001)
    const count = this.#done.toLocaleString('en')
    if (this.#total === undefined) return `${this.#what}: ${count}, ${Math.round(pace)}/s`
    const part = Math.min(1, this.#done / Math.max(1, this.#total))
    const bar = '█'.repeat(Math.round(part * WIDTH)).padEnd(WIDTH, '░')
    const left = Math.ceil((this.#total - this.#done) / Math.max(pace, 0.001))
    return `${this.#what} ${bar} ${count} of ${this.#total.toLocaleString('en')}, ${Math.max(0, left)} s left`
  }
}
