import { createHash, randomBytes } from 'node:crypto'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { OfficerRecord } from '../people.ts'
import type { ScreenLine } from './escort.ts'
import type { Escorts } from './escorts.ts'

/** Screens that may be open at a time: the oldest gives way. */
const MOST = 64

interface Screen {
  readonly escort: string
  /** Fingerprint of the person before it. */
  readonly by: string
  /** Whether requests wait for it; all others only look. */
  readonly watches: boolean
}

export interface Look {
  readonly lines: readonly ScreenLine[]
  readonly ended: string | null
}

/** Where people see what is done under an escort. A screen lasts as long as this process. */
export class Screens {
  readonly #custody: Custody
  readonly #escorts: Escorts
  readonly #open = new Map<string, Screen>()

  constructor(custody: Custody, escorts: Escorts) {
    this.#custody = custody
    this.#escorts = escorts
  }

  /**
   * Opens a screen for a person who has signed for it: the escort's own, or one to look on.
   *
   * @returns the screen's secret, which stands for the person from then on
   */
  async open(id: string, by: string) {
    const escort = await this.#escorts.find(id)
    const { grant } = escort
    const watches = grant.escort === by
    const secret = randomBytes(32).toString('base64url')
    if (this.#open.size >= MOST) this.#open.delete(this.#open.keys().next().value!)
    this.#open.set(hash(secret), { escort: id, by, watches })
    const at = this.#custody.now()
    await this.#custody.record({ type: 'escort', at, body: { step: 'screen', escort: id, by, watches } })
    if (watches) escort.sit()
    return { screen: secret, watches, grant }
  }

  /**
   * What came after a line. On the escort's own screen the requests that it shows are let through.
   *
   * @throws CustodyError `Refused` for a screen that is not open
   */
  async look(id: string, secret: string, after: number, shown: readonly string[]): Promise<Look> {
    const { watches } = await this.#of(id, secret)
    const escort = await this.#escorts.find(id)
    const lines = await escort.look(after, watches ? shown : undefined)
    return { lines, ended: escort.ended ?? null }
  }

  /** Ends the access at a click of whoever sits there. */
  async end(id: string, secret: string): Promise<void> {
    await this.#escorts.end(id, (await this.#of(id, secret)).by)
  }

  async #of(id: string, secret: string): Promise<Screen> {
    const screen = this.#open.get(hash(secret))
    const { records } = this.#custody.opened()
    const person = screen && (await records.find<OfficerRecord>('officer', screen.by))
    if (screen?.escort === id && person?.body.state === 'active') return screen
    throw new CustodyError(
      'Refused',
      'This screen is not open any more: the custodian was started anew, or its person may not watch. Open it again.',
    )
  }
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
