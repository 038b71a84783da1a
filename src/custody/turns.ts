/** Lease calls that are judged at a time. */
const AT_A_TIME = 8

interface Waiting {
  readonly renewal: boolean
  go(): void
}

/**
 * Gives lease calls their turn. Where more come than are judged at a time, renewals go first: whoever serves
 * clients goes on serving, whoever begins or asks for old keys waits.
 */
export class LeaseTurns {
  readonly #waiting: Waiting[] = []
  /** By proxy, when its newest lease ends, in milliseconds since 1970. */
  readonly #leased = new Map<string, number>()
  #judged = 0

  /**
   * @param proxy fingerprint
   * @param current whether it asks for nothing but the keys in use
   * @param lease judges the call; `ttl` is in milliseconds
   */
  async take<Answer extends { readonly ttl: number }>(
    proxy: string,
    current: boolean,
    now: () => number,
    lease: () => Promise<Answer>,
  ): Promise<Answer> {
    const renewal = current && (this.#leased.get(proxy) ?? 0) > now()
    if (this.#judged >= AT_A_TIME)
      await new Promise<void>(resolve => this.#waiting.push({ renewal, go: resolve }))
    else this.#judged++
    try {
      const answer = await lease()
      this.#leased.set(proxy, now() + answer.ttl)
      return answer
    } finally {
      this.#next()
    }
  }

  /** Hands the turn on; renewals in their order, then the others in theirs. */
  #next(): void {
    const renewal = this.#waiting.findIndex(one => one.renewal)
    const [next] = this.#waiting.splice(Math.max(renewal, 0), 1)
    if (next) next.go()
    else this.#judged--
  }
}
