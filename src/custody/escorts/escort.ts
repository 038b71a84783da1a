import { CustodyError } from '../errors.ts'
import { addressWithin } from '../fence.ts'
import { type EscortAction, type EscortEnd, type EscortRecord, endSentence } from './record.ts'

/** A request as a proxy tells of it, before it is served. */
export interface EscortedRequest {
  readonly id: string
  /** By its name in S3. */
  readonly operation: string
  /** `any` takes no more than some grant on the bucket; `beyond` is what no escorted access allows. */
  readonly action: EscortAction | 'any' | 'beyond'
  readonly bucket: string
  /** The object's key, or the beginning that a listing asks for; empty where the bucket is meant. */
  readonly key: string
  /** Of the client, as the proxy sees it. */
  readonly address: string
}

/** How a request was answered: HTTP status, bytes of the bodies. */
export interface EscortedAnswer {
  readonly status: number
  readonly received: number
  readonly sent: number
}

/** A line of the screen, numbered from 1. `at` is in milliseconds since 1970. */
export type ScreenLine = { readonly number: number; readonly at: number } & (
  | ({ readonly kind: 'request' } & EscortedRequest)
  | ({ readonly kind: 'refused'; readonly why: string } & EscortedRequest)
  | ({ readonly kind: 'answered'; readonly id: string } & EscortedAnswer)
  | { readonly kind: 'ended'; readonly why: EscortEnd }
)
type NewLine = ScreenLine extends infer Line
  ? Line extends ScreenLine
    ? Omit<Line, 'number' | 'at'>
    : never
  : never

const ACKNOWLEDGE_WITHIN = 15_000
/** Milliseconds for which a look waits for something new. */
const LONG_LOOK = 5_000
/** Milliseconds after its last look for which a screen counts as attended. */
const AWAY = 5_000
/** Requests that wait for the screen at a time, and lines that it can still be asked for. */
const [MOST_WAITING, MOST_LINES] = [64, 500]

/** One escorted access as it is watched, from its first use to its end. It never begins again. */
export class Escort {
  readonly grant: EscortRecord
  readonly #now: () => number
  readonly #onEnd: (why: EscortEnd) => void
  readonly #waiting = new Map<
    string,
    { resolve(): void; reject(error: CustodyError): void; timer: NodeJS.Timeout }
  >()
  readonly #news = new Set<() => void>()
  readonly #over: NodeJS.Timeout | undefined
  #lines: ScreenLine[] = []
  #last = 0
  #watching = 0
  #attendedUntil = 0
  #ended: EscortEnd | undefined

  /** @param onEnd told once, when it ends while it is watched over here */
  constructor(grant: EscortRecord, now: () => number, onEnd: (why: EscortEnd) => void) {
    this.grant = grant
    this.#now = now
    this.#onEnd = onEnd
    this.#ended = grant.ended?.why
    if (!this.#ended) this.#over = setTimeout(() => this.ended, Math.max(0, grant.until - now())).unref()
  }

  /** How it ended; undefined as long as it goes on. */
  get ended(): EscortEnd | undefined {
    if (!this.#ended && this.#now() >= this.grant.until) this.end('over')
    return this.#ended
  }

  /** @throws CustodyError `Refused`, `TooMany` where a request may not even reach the screen */
  judge({ action, bucket, key, address }: EscortedRequest): void {
    if (this.ended) throw new CustodyError('Refused', endSentence(this.ended))
    const { grant } = this
    if (action === 'beyond')
      throw new CustodyError(
        'Refused',
        'This operation is not done under an escort: read, write, list or delete one object at a time.',
      )
    if (!addressWithin(address, grant.networks))
      throw new CustodyError('Refused', `The escorted access does not count from ${address}.`)
    if (bucket !== grant.bucket || !grant.prefixes.some(prefix => action === 'any' || key.startsWith(prefix)))
      throw new CustodyError(
        'Refused',
        `The escorted access reaches ${grant.bucket}/${grant.prefixes.join(', ')} alone.`,
      )
    if (action !== 'any' && !grant.actions.includes(action))
      throw new CustodyError('Refused', `The escorted access is to ${grant.actions.join(', ')} alone.`)
    if (this.#watching === 0 && this.#now() >= this.#attendedUntil)
      throw new CustodyError(
        'Refused',
        'Nobody sits at the screen. Ask the escort to run treuhand escort watch, and try again.',
      )
    if (this.#waiting.size >= MOST_WAITING)
      throw new CustodyError(
        'TooMany',
        'Too many requests wait for the escort. Send them one after the other.',
      )
  }

  /**
   * Shows a request that was judged, and resolves when the screen has acknowledged it. Fifteen seconds without a sign
   * end the access for good.
   *
   * @throws CustodyError `Refused`
   */
  async show(request: EscortedRequest): Promise<void> {
    if (this.ended) throw new CustodyError('Refused', endSentence(this.ended))
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => this.end('unacknowledged'), ACKNOWLEDGE_WITHIN)
      this.#waiting.set(request.id, { resolve, reject, timer })
      this.#write({ kind: 'request', ...request })
    })
  }

  showRefused(request: EscortedRequest, why: string): void {
    this.#write({ kind: 'refused', ...request, why })
  }

  showAnswered(id: string, answer: EscortedAnswer): void {
    this.#write({ kind: 'answered', id, ...answer })
  }

  /** The escort has sat down, and looks in a moment. */
  sit(): void {
    this.#attendedUntil = this.#now() + AWAY
  }

  /**
   * The lines after one that was seen; waits a while where there are none yet.
   *
   * @param shown requests that the escort's own screen shows now, by which they are let through; undefined for whoever
   *   only looks
   */
  async look(after: number, shown?: readonly string[]): Promise<readonly ScreenLine[]> {
    for (const id of shown ?? []) this.#acknowledge(id)
    if (shown) this.#watching++
    try {
      if (this.#last <= after && !this.ended) await this.#somethingNew()
    } finally {
      if (shown) {
        this.#watching--
        this.sit()
      }
    }
    return this.#lines.filter(({ number }) => number > after)
  }

  end(why: EscortEnd): void {
    if (this.#ended) return
    this.#ended = why
    clearTimeout(this.#over)
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(new CustodyError('Refused', endSentence(why)))
    }
    this.#waiting.clear()
    this.#write({ kind: 'ended', why })
    this.#onEnd(why)
  }

  #acknowledge(id: string): void {
    const waiting = this.#waiting.get(id)
    if (!waiting || this.ended) return
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    waiting.resolve()
  }

  #write(line: NewLine): void {
    this.#lines.push({ number: ++this.#last, at: this.#now(), ...line } as ScreenLine)
    if (this.#lines.length > MOST_LINES) this.#lines = this.#lines.slice(-MOST_LINES)
    for (const wake of this.#news) wake()
  }

  async #somethingNew(): Promise<void> {
    await new Promise<void>(resolve => {
      const wake = () => {
        clearTimeout(timer)
        this.#news.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, LONG_LOOK)
      this.#news.add(wake)
    })
  }
}
