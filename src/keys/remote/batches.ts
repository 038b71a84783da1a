import { setTimeout as delay } from 'node:timers/promises'
import { NoLease } from '../custodian.ts'

interface Waiting<Ask, Answer> {
  readonly ask: Ask
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * Asks of the custodian: those that come while a call is under way go together with the next. Where they fill a call,
 * it does not wait for the one before: the custodian writes what comes together into one commit of its log.
 */
export class Batches<Ask, Answer> {
  readonly #send: (asks: readonly Ask[]) => Promise<readonly (Answer | NoLease)[]>
  readonly #most: number
  readonly #pause: () => number
  readonly #atOnce: number
  #waiting: Waiting<Ask, Answer>[] = []
  #calls = 0
  #closed = false

  /**
   * @param send carries so many asks in one call, and gives an answer or a refusal for each in its place
   * @param most asks that a call takes
   * @param pause milliseconds until the next call is admitted
   * @param atOnce calls under way at a time, at most
   */
  constructor(
    send: (asks: readonly Ask[]) => Promise<readonly (Answer | NoLease)[]>,
    most: number,
    pause: () => number,
    atOnce = 1,
  ) {
    this.#send = send
    this.#most = most
    this.#pause = pause
    this.#atOnce = atOnce
  }

  /** @throws NoLease */
  async ask(ask: Ask): Promise<Answer> {
    if (this.#closed) throw closed()
    return await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject })
      this.#next()
    })
  }

  close(): void {
    this.#closed = true
    for (const { reject } of this.#waiting) reject(closed())
    this.#waiting = []
  }

  #next(): void {
    const isFull = this.#waiting.length >= this.#most
    if (this.#waiting.length === 0 || this.#calls >= (isFull ? this.#atOnce : 1)) return
    this.#calls++
    void this.#call().finally(() => {
      this.#calls--
      this.#next()
    })
  }

  async #call(): Promise<void> {
    await delay(this.#pause(), undefined, { ref: false })
    const batch = this.#waiting.splice(0, this.#most)
    if (batch.length > 0) await this.#deliver(batch)
  }

  async #deliver(batch: readonly Waiting<Ask, Answer>[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map(({ ask }) => ask))
      for (const [place, { resolve, reject }] of batch.entries()) {
        const answer =
          answers[place] ?? new NoLease('unreachable', 'The custodian answered fewer asks than it got.')
        if (answer instanceof NoLease) reject(answer)
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

const closed = () => new NoLease('unreachable', 'The custodian has been closed.')
