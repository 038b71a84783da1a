import { logRows } from '../registry/custody/log-rows.ts'
import type { CustodyRegistry } from '../registry/custody/registry.ts'
import type { RelyingParty } from './approvals/passkey.ts'
import { beginLog, type Founding } from './begin-log.ts'
import { CustodyError } from './errors.ts'
import type { Entry } from './log/entry.ts'
import { Journal } from './log/journal.ts'
import { verifierKey } from './log/note.ts'
import type { LogStore } from './log/store.ts'
import type { WitnessingOptions } from './log/witnessing.ts'
import { logOrigin, type Opened, openCustody } from './opened.ts'
import type { CustodyAlarm, CustodyOptions } from './options.ts'
import type { RecordKind, RecordKinds } from './people.ts'
import type { Kept } from './records.ts'
import { replayRecords } from './replay.ts'
import { barredBy, type Stop, Stops } from './stops.ts'
import { type Heads, openSuccessor, putInPlace, type Successor } from './successor.ts'
import type { Unsealed } from './unseal.ts'

export type CustodyState = 'uninitialised' | 'sealed' | 'unsealed' | 'killed' | 'forked' | 'restored'

/** All, `*`, or a tenant. */
export type StopScope = string

/** Whose keys are to be dropped at once. */
export type DropScope =
  | { readonly proxy: string }
  | { readonly tenant: StopScope }
  /** An escorted access that ended, by its access key: nothing else of the tenant is dropped. */
  | { readonly tenant: string; readonly escort: string }

/**
 * The custodian's state machine: uninitialised → sealed ⇄ unsealed; killed, forked and restored outlive
 * restarts and bar unsealing. Everything that touches a key asks `opened` first.
 */
export class Custody {
  #options: CustodyOptions
  #store: LogStore
  #journal: Journal
  readonly #stops: Stops
  readonly #listeners: ((scope: DropScope) => void)[] = []
  readonly #unsealedListeners: ((opened: Opened) => Promise<void>)[] = []
  #initialised: boolean
  #opened: Opened | undefined
  /** Beside a log that was lost or forked: where people decide whether to accept that. */
  #successor: Successor | undefined

  static async open(options: CustodyOptions): Promise<Custody> {
    const { registry } = options
    const seal = await registry.database.selectFrom('seal').select('singleton').executeTakeFirst()
    const origin = (await logOrigin(registry)) ?? options.origin
    return new Custody({ ...options, origin }, await Stops.open(registry), seal !== undefined)
  }

  private constructor(options: CustodyOptions, stops: Stops, initialised: boolean) {
    this.#options = options
    this.#stops = stops
    this.#initialised = initialised
    this.#store = logRows(options.registry, options.origin)
    this.#journal = new Journal(this.#store)
    options.registry.onDeposed(() => this.#drop())
  }

  /** The log's name; while people decide about a loss, its successor's. */
  get origin(): string {
    return this.#successor?.origin ?? this.#options.origin
  }

  /** The heads that do not agree, while people may decide to accept a loss. */
  get loss(): Heads | undefined {
    return this.#successor?.heads
  }

  /** Verifier key of the witness; null where there is none. */
  get witness(): string | null {
    const { witness } = this.#options
    return witness ? verifierKey(witness.verifier) : null
  }

  get console(): RelyingParty | undefined {
    return this.#options.console
  }

  get registry(): CustodyRegistry {
    return this.#options.registry
  }

  get now(): () => number {
    return this.#options.now
  }

  get state(): CustodyState {
    const stop = this.#stops.of('*')
    if (stop) return stop.kind
    if (this.#opened) return 'unsealed'
    return this.#initialised ? 'sealed' : 'uninitialised'
  }

  get stops(): readonly Stop[] {
    return this.#stops.all
  }

  get logStore(): LogStore {
    return this.#successor?.store ?? this.#store
  }

  /** Tells whoever watches that somebody should look. */
  alarm(alarm: CustodyAlarm, sentence: string): void {
    this.#options.onAlarm(alarm, sentence)
  }

  /** A proxy lost its right to lease: what it holds it must drop. */
  tellProxy(fingerprint: string): void {
    this.#tell({ proxy: fingerprint })
  }

  /** A tenant's keys were barred: its proxies drop what they hold and ask anew. */
  tellTenant(tenant: string): void {
    this.#tell({ tenant })
  }

  /** An escorted access ended: what is served under it is cut. */
  tellEscortEnded(tenant: string, escort: string): void {
    this.#tell({ tenant, escort })
  }

  /** Runs at each unsealing, before anything is served. */
  onUnsealed(listener: (opened: Opened) => Promise<void>): void {
    this.#unsealedListeners.push(listener)
  }

  /**
   * Hears that proxies must drop keys. Sealing and restarts do not tell: what
   * was leased may be used until its lease ends.
   */
  onDrop(listener: (scope: DropScope) => void): void {
    this.#listeners.push(listener)
  }

  /**
   * What works with keys, for a tenant; without one, what people's decisions need, which the kill switch
   * leaves to them: it is by a decision that they lift it.
   *
   * @throws CustodyError `Sealed`, `Killed`, `Forked`, `Restored`
   */
  opened(tenant?: string): Opened {
    const all = this.#stops.of('*')
    const stop = all ?? (tenant === undefined ? undefined : this.#stops.of(tenant))
    if (stop && (tenant !== undefined || stop.kind !== 'killed')) throw barredBy(stop)
    if (this.#opened) return this.#opened
    throw new CustodyError('Sealed', 'The custodian is sealed. Its officers must unseal it first.')
  }

  /**
   * What people's decisions stand on: that of an unsealed custodian, or, beside a log that was lost or forked, its
   * successor, in which they decide about the loss and nothing else.
   *
   * @throws CustodyError `Sealed`, `Forked`, `Restored`
   */
  deciding(): Opened {
    return this.#successor?.opened ?? this.opened()
  }

  /**
   * Goes from a root to work. The log says so, and the witness has seen it, before any key is used. Where the log
   * forked, or was restored and is behind, nothing opens, but people may decide from then on to accept the loss.
   *
   * @param how a few words for the log: the kind of seal, the holders' numbers
   * @param founding what an empty log begins with
   * @param admit a last look, when the records can be read and nothing was done yet
   * @throws CustodyError when the log forked, was restored and is behind, the records are not what the log says,
   *   or the witness is away
   */
  async unseal(
    unsealed: Unsealed,
    how: string,
    founding?: Founding,
    admit?: (opened: Opened) => Promise<void>,
  ): Promise<void> {
    if (this.#opened) return
    this.#initialised = true
    try {
      if (this.#stops.has('forked', '*')) throw barredBy(this.#stops.of('*')!)
      await this.#unseal(unsealed, how, founding, admit)
    } catch (error) {
      if (error instanceof CustodyError && (error.code === 'Forked' || error.code === 'Restored'))
        await this.#letDecide(error, unsealed, admit)
      throw error
    }
  }

  /** @throws CustodyError the loss again, with what else stands in the way */
  async #letDecide(
    loss: CustodyError,
    unsealed: Unsealed,
    admit: ((opened: Opened) => Promise<void>) | undefined,
  ): Promise<void> {
    try {
      this.#successor ??= await openSuccessor(unsealed, this.#store, this.#options, this.#onForked, admit)
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error
      throw new CustodyError(loss.code, `${loss.message} ${error.message}`, loss.details)
    }
  }

  async #unseal(
    unsealed: Unsealed,
    how: string,
    founding: Founding | undefined,
    admit: ((opened: Opened) => Promise<void>) | undefined,
  ): Promise<void> {
    const restored = this.#stops.has('restored', '*')
    const opened = await openCustody(unsealed, this.#store, this.#options, {
      restored,
      onForked: this.#onForked,
    })
    try {
      await replayRecords(this.registry, opened.records, this.#store, opened.log.head.size)
      await admit?.(opened)
      if (founding) await beginLog(opened.log, opened.records, opened.authority, founding, this.now())
      const index = await opened.log.append({ type: 'unseal', at: this.now(), body: { how } })
      await opened.witnessing.witnessed(index)
    } catch (error) {
      opened.witnessing.stop()
      throw error
    }
    if (restored) await this.lift('restored', '*')
    await this.#work(opened)
  }

  /** Takes the successor for the log, as people decided. */
  async acceptLoss(proposal: string): Promise<string> {
    const successor = this.#successor
    if (!successor) return this.origin
    const { opened, origin, store, heads } = successor
    const entry = { type: 'loss-accepted', at: this.now(), body: { ...heads, proposal } } as const
    await opened.log.append(entry, transaction => putInPlace(transaction, successor))
    this.#options = { ...this.#options, origin }
    this.#store = store
    this.#journal = new Journal(store)
    this.#successor = undefined
    await this.#stops.refresh()
    await this.#work(opened)
    return origin
  }

  async #work(opened: Opened): Promise<void> {
    opened.witnessing.start()
    this.#opened = opened
    for (const listener of this.#unsealedListeners) await listener(opened)
  }

  readonly #onForked: WitnessingOptions['onForked'] = async ({ ours, theirs }) => {
    await this.halt('forked', `ours: ${firstLines(ours)}; the witness's: ${firstLines(theirs ?? 'unknown')}`)
  }

  /** Forgets every key, until the officers unseal again. Leases end by themselves. */
  async seal(by: string, reason: string): Promise<void> {
    const opened = this.#opened ?? this.#successor?.opened
    this.#drop()
    await this.#append(opened, { type: 'seal', at: this.now(), body: { by, reason } })
  }

  /**
   * The kill switch: bars all, or a tenant, across restarts; destroys nothing. The act comes before the log,
   * and stands even where the log cannot be written.
   */
  async kill(scope: StopScope, by: string, reason: string): Promise<void> {
    const opened = this.#opened ?? this.#successor?.opened
    if (scope === '*') this.#drop()
    this.#tell({ tenant: scope })
    await this.#stops.add({ kind: 'killed', scope, since: this.now(), reason })
    await this.#append(opened, { type: 'kill', at: this.now(), body: { scope, by, reason } })
  }

  /** Lifts a stop. The caller has verified that the proposal for it was approved. */
  async lift(kind: Stop['kind'], scope: StopScope): Promise<void> {
    await this.#stops.remove(kind, scope)
  }

  /** Bars all after the registry turned out to be another than the witness knows. */
  async halt(kind: 'forked' | 'restored', reason: string): Promise<void> {
    this.#drop()
    this.#tell({ tenant: '*' })
    await this.#stops.add({ kind, scope: '*', since: this.now(), reason })
  }

  /** Appends to the log; while sealed, to the journal. */
  async record(entry: Entry): Promise<void> {
    await this.#append(this.#opened ?? this.#successor?.opened, entry)
  }

  /**
   * Keeps what was decided, in the log and in the registry by one commit.
   *
   * @param before the record that was read; undefined for a new one
   */
  async keep<Kind extends RecordKind>(
    kind: Kind,
    id: string,
    before: Kept<RecordKinds[Kind]> | undefined,
    body: RecordKinds[Kind],
    entry: Entry,
  ): Promise<Kept<RecordKinds[Kind]>> {
    const { log, records } = this.deciding()
    const revision = before?.revision ?? 0
    const record = { kind, id, revision: revision + 1, body }
    await log.append({ ...entry, body: { ...entry.body, record } }, transaction =>
      records.put(transaction, kind, id, revision, body),
    )
    return { id, revision: revision + 1, body }
  }

  close(): void {
    this.#drop()
  }

  async #append(opened: Opened | undefined, entry: Entry): Promise<void> {
    if (opened) await opened.log.append(entry)
    else await this.#journal.append(entry)
  }

  #drop(): void {
    this.#opened?.witnessing.stop()
    this.#opened = undefined
    this.#successor?.opened.witnessing.stop()
    this.#successor = undefined
  }

  #tell(scope: DropScope): void {
    for (const listener of this.#listeners) listener(scope)
  }
}

/** Size and root of a checkpoint. */
function firstLines(note: string): string {
  return note.split('\n').slice(1, 3).join(' ')
}
