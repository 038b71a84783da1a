import { X509Certificate } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Custodian, type KeyUse, type Lease, type LeaseAsk, NoLease } from '../custodian.ts'
import { Batches } from './batches.ts'
import { Connection } from './connection.ts'
import {
  belongTogether,
  isHalfOver,
  type ProxyCredentials,
  readCredentials,
  writeCredentials,
} from './credentials.ts'
import { LeaseBox } from './lease-box.ts'
import { RemoteEscorts } from './remote-escorts.ts'
import { readLeases, readUses, type WireLeases, type WireUses, wireAsk, wireUse } from './wire-form.ts'

const ASKS_A_CALL = 200
/** Each with the object's name, within the 64 KiB of a request. */
const USES_A_CALL = 30
/** One of the four connections is the revocations'. */
const USE_CALLS = 3
/** The custodian admits ten calls a minute: what comes faster shares the next one. */
const CALLS = 10
const SPAN = 60_000
const SILENCE = 6_000
const AGAIN = 1_000
const SILENT = 'The custodian has given no sign of life for six seconds.'
const LOOK_AT_CERTIFICATE = 60_000

/** How the custodian is, for the proxy's log. While it is lost keys live on until their leases end. */
export type CustodianEvent =
  | { readonly event: 'custodian-lost'; readonly reason: NoLease['reason']; readonly detail: string }
  | { readonly event: 'custodian-back' }
  | { readonly event: 'keys-revoked'; readonly keys: 'all' | number }
  | { readonly event: 'certificate-not-renewed'; readonly detail: string }

/**
 * The custodian in a process of its own, over mutual TLS. Asks that come together go as one call;
 * revocations come over a stream that is kept open; the certificate is renewed at half of its time.
 */
export class RemoteCustodian implements Custodian {
  readonly escorts: RemoteEscorts
  readonly #connection: Connection
  readonly #folder: string
  readonly #listeners: ((keys: 'all' | readonly string[]) => void)[] = []
  readonly #closed = new AbortController()
  readonly #calls: number[] = []
  readonly #leases: Batches<LeaseAsk, Lease>
  readonly #uses: Batches<KeyUse, Uint8Array>
  readonly #tell: (event: CustodianEvent) => void
  #lost = false
  /** Of the connections; another one in the folder takes its place. */
  #certificate: string
  #renewal: NodeJS.Timeout | undefined

  /**
   * @param urls `https://host:port` of the custodian and its standby
   * @param folder of the credentials that `enrol` wrote
   */
  static async open(
    urls: readonly string[],
    folder: string,
    tell: (event: CustodianEvent) => void = () => {},
  ): Promise<RemoteCustodian> {
    const credentials = await readCredentials(folder)
    const connections = {
      own: new Connection(urls, credentials),
      escorts: new RemoteEscorts(urls, credentials),
    }
    const custodian = new RemoteCustodian(connections, folder, credentials.certificate, tell)
    void custodian.#listen()
    custodian.#renewal = setInterval(() => void custodian.renewCertificate(), LOOK_AT_CERTIFICATE).unref()
    void custodian.renewCertificate()
    return custodian
  }

  private constructor(
    { own, escorts }: { readonly own: Connection; readonly escorts: RemoteEscorts },
    folder: string,
    certificate: string,
    tell: (event: CustodianEvent) => void,
  ) {
    this.#connection = own
    this.escorts = escorts
    this.#folder = folder
    this.#certificate = certificate
    this.#tell = tell
    this.#leases = new Batches(
      async asks => await this.#lease(asks),
      ASKS_A_CALL,
      () => this.#pause(),
    )
    this.#uses = new Batches(
      async uses => await this.#use(uses),
      USES_A_CALL,
      () => 0,
      USE_CALLS,
    )
  }

  async lease(ask: LeaseAsk): Promise<Lease> {
    return await this.#leases.ask(ask)
  }

  async useKey(use: KeyUse): Promise<Uint8Array> {
    return await this.#uses.ask(use)
  }

  onRevoked(listener: (keys: 'all' | readonly string[]) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    clearInterval(this.#renewal)
    this.#leases.close()
    this.#uses.close()
    await this.escorts.close()
    await this.#connection.close()
  }

  /**
   * Fetches a new certificate once half of the present one's time is over. Failing, it is tried again in a minute. One
   * that an enrolment put into the folder meanwhile is used.
   */
  async renewCertificate(now = Date.now()): Promise<void> {
    try {
      const credentials = await readCredentials(this.#folder)
      this.#show(credentials)
      if (isHalfOver(credentials.certificate, now)) await this.#renew(credentials)
    } catch (error) {
      // Days remain; when they run out, leases end with the custodian's own sentence.
      this.#tell({ event: 'certificate-not-renewed', detail: (error as Error).message })
    }
  }

  async #renew(credentials: ProxyCredentials): Promise<void> {
    const { certificate } = (await this.#connection
      .call('POST', '/v1/certificate')
      .catch(({ message }: NoLease) => {
        const { validTo } = new X509Certificate(credentials.certificate)
        throw new Error(`${message} The present certificate ends on ${validTo}.`)
      })) as { certificate: string }
    const renewed = { ...credentials, certificate }
    await writeCredentials(this.#folder, renewed)
    this.#show(renewed)
  }

  #show(credentials: ProxyCredentials): void {
    if (credentials.certificate === this.#certificate || !belongTogether(credentials)) return
    this.#certificate = credentials.certificate
    this.#connection.renew(credentials)
    this.escorts.renew(credentials)
  }

  /** Milliseconds until the next call is admitted. */
  #pause(): number {
    const now = performance.now()
    while (this.#calls.length > 0 && now - this.#calls[0]! >= SPAN) this.#calls.shift()
    return this.#calls.length < CALLS ? 0 : this.#calls[0]! + SPAN - now
  }

  async #lease(asks: readonly LeaseAsk[]): Promise<(Lease | NoLease)[]> {
    this.#calls.push(performance.now())
    const box = new LeaseBox()
    const ask = { asks: asks.map(wireAsk), to: box.publicKey.toString('base64url') }
    const answer = await this.#connection.call('POST', '/v1/leases', ask)
    return readLeases(answer as WireLeases, asks, box)
  }

  async #use(uses: readonly KeyUse[]): Promise<(Uint8Array | NoLease)[]> {
    const answer = await this.#connection.call('POST', '/v1/uses', {
      uses: uses.map(wireUse),
    })
    return readUses(answer as WireUses)
  }

  /** Keeps a stream of revocations open. What refuses it by name ends the leases as a revocation does. */
  async #listen(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      const silence = new AbortController()
      const alarm = setTimeout(() => silence.abort(), SILENCE).unref()
      try {
        for await (const line of this.#connection.lines(
          '/v1/revocations',
          AbortSignal.any([signal, silence.signal]),
        )) {
          alarm.refresh()
          this.#found()
          this.escorts.listens()
          const { drop, ended } = line as { drop?: 'all' | readonly string[]; ended?: string }
          if (drop !== undefined) this.#drop(drop)
          if (ended !== undefined) this.escorts.tellEnded([ended])
        }
      } catch (error) {
        const known = error instanceof NoLease
        if (known && (error.reason === 'killed' || error.reason === 'refused')) this.#drop('all')
        const silent = silence.signal.aborted
        if (known || silent) this.#lose(known ? error : new NoLease('unreachable', SILENT))
      } finally {
        clearTimeout(alarm)
      }
      this.escorts.tellEnded('all')
      await delay(AGAIN, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #lose({ reason, message }: NoLease): void {
    if (!this.#lost && !this.#closed.signal.aborted)
      this.#tell({ event: 'custodian-lost', reason, detail: message })
    this.#lost = true
  }

  #found(): void {
    if (this.#lost) this.#tell({ event: 'custodian-back' })
    this.#lost = false
  }

  #drop(keys: 'all' | readonly string[]): void {
    if (!this.#lost) this.#tell({ event: 'keys-revoked', keys: keys === 'all' ? keys : keys.length })
    for (const listener of this.#listeners) listener(keys)
  }
}
