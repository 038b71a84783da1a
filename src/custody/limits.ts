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
    const recent = this.#recent(caller, now)
    if (recent.length >= this.#most) return recent[0]! + this.#span - now
    recent.push(now)
    this.#taken.set(caller, recent)
    return 0
  }

  #recent(caller: string, now: number): number[] {
    // A clock set back must not lock anybody out.
    return (this.#taken.get(caller) ?? []).filter(time => time <= now && now - time < this.#span)
  }
}
