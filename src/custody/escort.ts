import { randomUUID } from 'node:crypto'
import { CustodyError } from './errors.ts'

/** A temporary access, watched by a person who can end it at any moment. */
export interface EscortGrant {
  readonly tenant: string
  readonly bucket: string
  /** Beginnings of object names. */
  readonly prefixes: readonly string[]
  readonly actions: readonly EscortAction[]
  /** Milliseconds since 1970; 8 hours ahead at most. */
  readonly until: number
  readonly reason: string
  /** Who is let in. */
  readonly grantee: string
  /** Who watches: another person. */
  readonly escort: string
}
export type EscortAction = 'get' | 'head' | 'list' | 'put' | 'delete'

/** A request as it appears on the escort's screen before a byte leaves. */
export interface EscortedRequest {
  readonly action: EscortAction
  readonly bucket: string
  readonly key: string
  readonly address: string
}

export type EscortEnd = 'clicked' | 'unacknowledged' | 'over' | 'screen closed'

export interface Screen {
  show(request: EscortedRequest & { readonly id: string }): void
  ended(why: EscortEnd): void
}

const MAX_HOURS = 8
const ACKNOWLEDGE_WITHIN = 15_000

/** One escorted access, from its grant to its end. It never begins again. */
export class Escort {
  readonly id = randomUUID()
  readonly grant: EscortGrant
  readonly #now: () => number
  readonly #pending = new Map<
    string,
    { resolve(): void; reject(error: CustodyError): void; timer: NodeJS.Timeout }
  >()
  readonly #onEnd: (why: EscortEnd) => void
  #screen: Screen | undefined
  #ended: EscortEnd | undefined

  /** @throws CustodyError `Refused` where the grantee watches itself, `Malformed` for more than eight hours */
  constructor(grant: EscortGrant, now: () => number, onEnd: (why: EscortEnd) => void) {
    if (grant.escort === grant.grantee) throw new CustodyError('Refused', 'nobody escorts himself')
    if (grant.until <= now() || grant.until > now() + MAX_HOURS * 3_600_000)
      throw new CustodyError('Malformed', `an escorted access lasts at most ${MAX_HOURS} hours`)
    if (grant.reason === '' || grant.prefixes.length === 0 || grant.actions.length === 0)
      throw new CustodyError('Malformed', 'an escorted access names prefixes, actions and a reason')
    this.grant = grant
    this.#now = now
    this.#onEnd = onEnd
  }

  get ended(): EscortEnd | undefined {
    if (!this.#ended && this.#now() >= this.grant.until) this.#end('over')
    return this.#ended
  }

  /** The escort sits down before the screen. When it closes, the access ends. */
  watch(escort: string, screen: Screen): void {
    if (escort !== this.grant.escort) throw new CustodyError('Refused', 'somebody else is the escort')
    this.#screen = screen
  }

  /**
   * Lets a request through once the escort has acknowledged it. Nobody at the screen, 15 s without a sign,
   * or a click ends the access for good.
   * @throws CustodyError `Refused`
   */
  async admit(request: EscortedRequest): Promise<void> {
    if (this.ended) throw over(this.ended)
    const { bucket, prefixes, actions } = this.grant
    const within = request.bucket === bucket && prefixes.some(prefix => request.key.startsWith(prefix))
    if (!within || !actions.includes(request.action))
      throw new CustodyError('Refused', 'the escorted access does not reach so far')
    const screen = this.#screen
    if (!screen) throw new CustodyError('Refused', 'nobody sits at the screen of the escort')
    const id = randomUUID()
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => this.#end('unacknowledged'), ACKNOWLEDGE_WITHIN)
      this.#pending.set(id, { resolve, reject, timer })
      screen.show({ ...request, id })
    })
  }

  acknowledge(id: string): void {
    const waiting = this.#pending.get(id)
    if (!waiting || this.ended) return
    this.#pending.delete(id)
    clearTimeout(waiting.timer)
    waiting.resolve()
  }

  end(why: 'clicked' | 'screen closed'): void {
    this.#end(why)
  }

  #end(why: EscortEnd): void {
    if (this.#ended) return
    this.#ended = why
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(over(why))
    }
    this.#pending.clear()
    this.#screen?.ended(why)
    this.#onEnd(why)
  }
}

const over = (why: EscortEnd): CustodyError =>
  new CustodyError('Refused', `the escorted access has ended: ${why}`)
