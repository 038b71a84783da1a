import { CustodyError } from '../errors.ts'
import { readCheckpointText } from './checkpoint.ts'
import type { Head, Log } from './log.ts'
import { readNote, writeNote } from './note.ts'
import type { LogStore } from './store.ts'
import { cosignatureTime, type WitnessClient, type WitnessWord } from './witness-client.ts'

export type WitnessAlarm = 'witness-silent' | 'witness-rolled-back' | 'clocks-apart' | 'forked'

export interface WitnessingOptions {
  readonly log: Log
  readonly store: LogStore
  /** Without one the log is `unwitnessed`, and says so. */
  readonly witness: WitnessClient | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds that nobody can set back; the process's own clock by default. */
  readonly monotonic?: () => number
  readonly onAlarm: (alarm: WitnessAlarm, sentence: string) => void
  /** The witness holds another history. Keys are dropped, and that it is so is kept, before anything else is done. */
  readonly onForked: (heads: { ours: string; theirs: string | undefined }) => void | Promise<void>
  /** Milliseconds that leases go on while the witness is silent: 24 h by default, 7 days at most. */
  readonly patience?: number
}

/** A head that the witness has seen. */
export interface Witnessed {
  readonly size: number
  /** Milliseconds since 1970 by the witness's clock. */
  readonly at: number
  readonly note: string
}

export interface WitnessStatus {
  readonly state: 'unwitnessed' | 'witnessed' | 'silent' | 'forked'
  readonly witness: string | undefined
  readonly last: Witnessed | undefined
  /** Milliseconds by which the witness's clock is ahead of ours. */
  readonly skew: number
  /** While it is silent: until when leases go on, milliseconds since 1970. */
  readonly leasesUntil?: number
}

const ROUND = 60_000
const SILENT_AFTER = 5 * 60_000
const PATIENCE = 24 * 3_600_000
export const MAX_PATIENCE = 7 * PATIENCE
const MAX_SKEW = 60_000
const ANOTHER_HISTORY = 'The witness holds another history of this log than we do.'
const WAY_OUT = 'Compare the heads, then start the newer registry, or propose to accept the loss.'

/** Brings the log's heads to the witness: at once where somebody waits for its word, else once a minute. */
export class Witnessing {
  readonly #options: WitnessingOptions
  readonly #patience: number
  #last: Witnessed | undefined
  #heardAt: number
  #heardTick: number
  #skew = 0
  #forked = false
  #alarmed = false
  #round: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  static async open(options: WitnessingOptions): Promise<Witnessing> {
    const note = await options.store.witnessed()
    return new Witnessing(options, note)
  }

  private constructor(options: WitnessingOptions, note: string | undefined) {
    this.#options = options
    this.#patience = Math.min(options.patience ?? PATIENCE, MAX_PATIENCE)
    this.#last = note === undefined ? undefined : this.#read(note)
    this.#heardAt = options.now()
    this.#heardTick = this.#tick()
  }

  /** Begins the rounds, so that an idle log too is seen every minute. */
  start(): void {
    if (!this.#options.witness) return
    this.#timer = setInterval(() => void this.round().catch(() => undefined), ROUND)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * Resolves once the witness has cosigned a head that holds entry `index`: what must be seen before it
   * is done waits here.
   * @returns undefined where there is no witness
   * @throws CustodyError `Unreachable`, `Forked`
   */
  async witnessed(index: number): Promise<Witnessed | undefined> {
    if (!this.#options.witness) return undefined
    // A round under way may have begun before the entry was there, hence a second one.
    for (let tries = 0; tries < 2 && (this.#last?.size ?? 0) <= index; tries++) await this.round()
    if ((this.#last?.size ?? 0) <= index)
      throw new CustodyError('Unreachable', 'The witness has not seen the entry yet. Try again.')
    return this.#last
  }

  /** One round: the newest head to the witness. Rounds that overlap are one. */
  async round(): Promise<void> {
    this.#round ??= this.#submit().finally(() => {
      this.#round = undefined
    })
    await this.#round
  }

  status(): WitnessStatus {
    const { witness, now } = this.#options
    const silent = now() - this.#heardAt > SILENT_AFTER
    const state = !witness ? 'unwitnessed' : this.#forked ? 'forked' : silent ? 'silent' : 'witnessed'
    return {
      state,
      witness: witness?.verifier.name,
      last: this.#last,
      skew: this.#skew,
      ...(state === 'silent' && { leasesUntil: this.#heardAt + this.#patience }),
    }
  }

  /**
   * Milliseconds since 1970 by the witness's clock: its last word, and what has passed since by a clock that
   * nobody sets. Waits end by it. Without a witness there is our own clock alone.
   */
  witnessNow(): number {
    const { witness, now } = this.#options
    if (!witness) return now()
    return (this.#last?.at ?? 0) + Math.floor(this.#tick() - this.#heardTick)
  }

  /**
   * Whether keys may still be leased: not on a forked log, nor when the witness has been silent too long. Before that
   * is said it is asked: our clock may have been set forward, or the host have slept.
   */
  async mayLease(): Promise<boolean> {
    if (this.#options.witness && !this.#heardLately()) await this.round().catch(() => undefined)
    return !this.#forked && (!this.#options.witness || this.#heardLately())
  }

  #heardLately(): boolean {
    return this.#options.now() - this.#heardAt <= this.#patience
  }

  /** Whether proposals may be executed: not while our clock and the witness's are a minute apart. */
  mayExecute(): boolean {
    return !this.#forked && Math.abs(this.#skew) <= MAX_SKEW
  }

  async #submit(): Promise<void> {
    const { witness, log } = this.#options
    if (!witness) return
    if (this.#forked) throw new CustodyError('Forked', `${ANOTHER_HISTORY} ${WAY_OUT}`)
    const head = log.head
    const before = this.#last?.size ?? 0
    let word: WitnessWord
    try {
      word = await this.#offer(witness, head, Math.min(before, head.size))
      if (word.said === 'holds' && word.size <= head.size) {
        if (word.size < before)
          this.#options.onAlarm(
            'witness-rolled-back',
            `The witness held ${before} entries and now holds ${word.size}.`,
          )
        word = await this.#offer(witness, head, word.size)
      }
    } catch (error) {
      this.#listenForSilence()
      throw error
    }
    if (word.said !== 'cosigned') return await this.#fork(head, witness, word)
    await this.#options.store.saveWitnessed(writeNote(word.note))
    this.#hear({ size: head.size, at: word.at * 1000, note: writeNote(word.note) })
  }

  async #offer(witness: WitnessClient, head: Head, old: number): Promise<WitnessWord> {
    const proof = await this.#options.log.consistency(old, head.size)
    return await witness.add({ old, proof, note: readNote(head.note) })
  }

  #hear(witnessed: Witnessed): void {
    const now = this.#options.now()
    this.#last = witnessed
    this.#heardAt = now
    this.#heardTick = this.#tick()
    this.#alarmed = false
    this.#skew = witnessed.at - now
    if (Math.abs(this.#skew) > MAX_SKEW)
      this.#options.onAlarm(
        'clocks-apart',
        `The witness's clock and ours are ${Math.round(Math.abs(this.#skew) / 1000)} s apart: nothing is executed until they agree.`,
      )
  }

  #tick(): number {
    return this.#options.monotonic?.() ?? performance.now()
  }

  #listenForSilence(): void {
    if (this.#alarmed || this.#options.now() - this.#heardAt <= SILENT_AFTER) return
    this.#alarmed = true
    this.#options.onAlarm('witness-silent', 'The witness has been silent for five minutes.')
  }

  async #fork(head: Head, witness: WitnessClient, word: WitnessWord): Promise<never> {
    this.#forked = true
    const theirs = await witness.latest(this.#options.log.verifier).catch(() => undefined)
    await this.#options.onForked({ ours: head.note, theirs: theirs && writeNote(theirs.note) })
    const what =
      word.said === 'holds'
        ? `The witness has seen ${word.size} entries of this log, and the registry has ${head.size}: it is an older copy.`
        : ANOTHER_HISTORY
    this.#options.onAlarm('forked', what)
    throw new CustodyError('Forked', `${what} ${WAY_OUT}`)
  }

  #read(note: string): Witnessed | undefined {
    const read = readNote(note)
    const at = this.#options.witness && cosignatureTime(read, this.#options.witness.verifier)
    return at === undefined ? undefined : { size: readCheckpointText(read.text).size, at: at * 1000, note }
  }
}
