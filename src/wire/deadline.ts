/**
 * Deadlines that cost next to nothing to move, since each read of each connection moves one: a single timer
 * looks at all of them, and a deadline is late by at most its period.
 */

const PERIOD = 250

const armed = new Set<Deadline>()
let timer: NodeJS.Timeout | undefined

/** One wait at a time, that ends in `expired` unless it is cleared or set anew before. */
export class Deadline {
  readonly #expired: () => void
  #at = Number.POSITIVE_INFINITY

  constructor(expired: () => void) {
    this.#expired = expired
  }

  /** @param ms from now */
  set(ms: number): void {
    if (this.#at === Number.POSITIVE_INFINITY) {
      armed.add(this)
      timer ??= setInterval(sweep, PERIOD).unref()
    }
    this.#at = performance.now() + ms
  }

  clear(): void {
    if (this.#at === Number.POSITIVE_INFINITY) return
    this.#at = Number.POSITIVE_INFINITY
    armed.delete(this)
  }

  /** @internal */
  look(now: number): void {
    if (now < this.#at) return
    this.clear()
    this.#expired()
  }
}

function sweep(): void {
  const now = performance.now()
  for (const deadline of armed) deadline.look(now)
  if (armed.size === 0) {
    clearInterval(timer)
    timer = undefined
  }
}
