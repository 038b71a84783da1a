import type { Log } from './log.ts'

/** Milliseconds. A store that is down fails every request; one line in this time says it. */
const PAUSE = 10_000
/** Reasons kept apart, at most. */
const REASONS = 100

/**
 * Warns of what repeats: at once, then no more than every ten seconds for each event and reason, with
 * the number of times that went unsaid (`unsaid`).
 */
export class Seldom {
  readonly #log: Log
  readonly #now: () => number
  readonly #said = new Map<string, { at: number; unsaid: number }>()

  /** @param now milliseconds, never stepping back */
  constructor(log: Log, now = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** @param fields of which `reason` tells one trouble from another */
  warn(event: string, fields: { readonly reason: string } & Parameters<Log['warn']>[1]): void {
    const name = `${event} ${fields.reason}`
    const said = this.#said.get(name)
    const now = this.#now()
    if (said && now - said.at < PAUSE) {
      said.unsaid++
      return
    }
    if (!said && this.#said.size >= REASONS) this.#said.clear()
    this.#said.set(name, { at: now, unsaid: 0 })
    this.#log.warn(event, said && said.unsaid > 0 ? { ...fields, unsaid: said.unsaid } : fields)
  }
}
