import { CustodyError } from './errors.ts'

/** Callers that are remembered before the idle ones are dropped. */
const MANY = 1000

/** Admits so many calls in a sliding time, for each caller apart. */
export class Limit {
  readonly #most: number
  readonly #span: number
  readonly #taken = new Map<string, number[]>()

  /** @param span milliseconds */
  constructor(most: number, span: number) {
    this.#most = most
    this.#span = span
  }

  /** @returns 0 where the call is admitted, else the milliseconds to wait */
  take(caller: string, now: number): number {
    if (this.#taken.size > MANY) this.#forget(now)
    const recent = this.#recent(caller, now)
    if (recent.length >= this.#most) return recent[0]! + this.#span - now
    recent.push(now)
    this.#taken.set(caller, recent)
    return 0
  }

  /** Drops callers who took nothing lately, so that many of them cannot fill the memory. */
  #forget(now: number): void {
    for (const caller of this.#taken.keys())
      if (this.#recent(caller, now).length === 0) this.#taken.delete(caller)
  }

  #recent(caller: string, now: number): number[] {
    // A clock set back must not lock anybody out.
    return (this.#taken.get(caller) ?? []).filter(time => time <= now && now - time < this.#span)
  }
}

/** @param wait milliseconds until the next one is admitted */
export function tooMany(what: string, wait: number): CustodyError {
  const seconds = Math.ceil(wait / 1000)
  return new CustodyError('TooMany', `Too many ${what}: come again in ${seconds} s.`, { retryAfter: seconds })
}
