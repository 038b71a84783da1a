import { setTimeout as delay } from 'node:timers/promises'
import {
  type Custodian,
  type GroupKeyState,
  type Lease,
  type LeaseAsk,
  type LeasedKey,
  NoLease,
} from '../custodian.ts'
import { Connection, noLease } from './connection.ts'
import { isHalfOver, readCredentials, writeCredentials } from './credentials.ts'
import { LeaseBox } from './lease-box.ts'

interface Waiting {
  readonly ask: LeaseAsk
  resolve(lease: Lease): void
  reject(error: unknown): void
}

/** An answer as the custodian sends it; keys sealed to the call's box, in base64url, ids in hex. */
interface WireAnswer {
  readonly lease: string
  readonly ttl: number
  readonly answers: readonly (WireKeys | { readonly refused: string; readonly message: string })[]
}
interface WireKeys {
  readonly keys: readonly {
    readonly id: string
    readonly tenant: string
    readonly bucket: string
    readonly epoch: string
    readonly state: GroupKeyState
    readonly key: string
  }[]
}

const ASKS_A_CALL = 200
/** The custodian admits ten calls a minute: what comes faster shares the next one. */
const CALLS = 10
const SPAN = 60_000
const SILENCE = 6_000
const AGAIN = 1_000
const LOOK_AT_CERTIFICATE = 3_600_000

/**
 * The custodian in a process of its own, over mutual TLS. Asks that come together go as one call;
 * revocations come over a stream that is kept open; the certificate is renewed at half of its time.
 */
export class RemoteCustodian implements Custodian {
  readonly #connection: Connection
  readonly #folder: string
  readonly #listeners: ((keys: 'all' | readonly string[]) => void)[] = []
  readonly #closed = new AbortController()
  readonly #calls: number[] = []
  #waiting: Waiting[] = []
  #flushing = false
  #renewal: NodeJS.Timeout | undefined

  /**
   * @param urls `https://host:port` of the custodian and its standby
   * @param folder of the credentials that `enrol` wrote
   */
  static async open(urls: readonly string[], folder: string): Promise<RemoteCustodian> {
    const custodian = new RemoteCustodian(new Connection(urls, await readCredentials(folder)), folder)
    void custodian.#listen()
    custodian.#renewal = setInterval(() => void custodian.renewCertificate(), LOOK_AT_CERTIFICATE).unref()
    void custodian.renewCertificate()
    return custodian
  }

  private constructor(connection: Connection, folder: string) {
    this.#connection = connection
    this.#folder = folder
  }

  async lease(ask: LeaseAsk): Promise<Lease> {
    if (this.#closed.signal.aborted) throw new NoLease('unreachable', 'The custodian has been closed.')
    return await new Promise<Lease>((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject })
      if (!this.#flushing) void this.#flush()
    })
  }

  onRevoked(listener: (keys: 'all' | readonly string[]) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    clearInterval(this.#renewal)
    for (const { reject } of this.#waiting)
      reject(new NoLease('unreachable', 'The custodian has been closed.'))
    this.#waiting = []
    await this.#connection.close()
  }

  /** Fetches a new certificate once half of the present one's time is over. Failing, it is tried again in an hour. */
  async renewCertificate(now = Date.now()): Promise<void> {
    try {
      const credentials = await readCredentials(this.#folder)
      if (!isHalfOver(credentials.certificate, now)) return
      const { certificate } = (await this.#connection.call('POST', '/v1/certificate')) as {
        certificate: string
      }
      const renewed = { ...credentials, certificate }
      await writeCredentials(this.#folder, renewed)
      this.#connection.renew(renewed)
    } catch {
      // Days remain; when they run out, leases end with the custodian's own sentence.
    }
  }

  async #flush(): Promise<void> {
    this.#flushing = true
    while (this.#waiting.length > 0) {
      await delay(this.#pause(), undefined, { ref: false })
      const batch = this.#waiting.splice(0, ASKS_A_CALL)
      if (batch.length > 0) await this.#send(batch)
    }
    this.#flushing = false
  }

  /** Milliseconds until the next call is admitted. */
  #pause(): number {
    const now = performance.now()
    while (this.#calls.length > 0 && now - this.#calls[0]! >= SPAN) this.#calls.shift()
    return this.#calls.length < CALLS ? 0 : this.#calls[0]! + SPAN - now
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#calls.push(performance.now())
    try {
      const asks = batch.map(({ ask: { bucket, key } }) =>
        key === 'current' ? { bucket } : { bucket, id: hex(key.id) },
      )
      const box = new LeaseBox()
      const ask = { asks, to: box.publicKey.toString('base64url') }
      const answer = (await this.#connection.call('POST', '/v1/leases', ask)) as WireAnswer
      for (const [place, { ask, resolve, reject }] of batch.entries()) {
        try {
          resolve(leaseOf(answer, place, ask, box))
        } catch (error) {
          reject(error)
        }
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
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
          const { drop } = line as { drop?: 'all' | readonly string[] }
          if (drop !== undefined) this.#drop(drop)
        }
      } catch (error) {
        if (error instanceof NoLease && (error.reason === 'killed' || error.reason === 'refused'))
          this.#drop('all')
      } finally {
        clearTimeout(alarm)
      }
      await delay(AGAIN, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #drop(keys: 'all' | readonly string[]): void {
    for (const listener of this.#listeners) listener(keys)
  }
}

/** @throws NoLease */
function leaseOf(answer: WireAnswer, place: number, ask: LeaseAsk, box: LeaseBox): Lease {
  const one = answer.answers[place]
  if (!one) throw new NoLease('unreachable', 'The custodian answered fewer asks than it got.')
  if ('refused' in one) throw noLease(one.refused, one.message)
  const keys = one.keys.map(key => parseKey(key, box))
  if (keys.every(({ tenant, bucket }) => tenant === ask.tenant && bucket === ask.bucket)) {
    return { id: answer.lease, ttl: answer.ttl, keys }
  }
  for (const { key } of keys) key.fill(0)
  throw new NoLease('refused', `This proxy is not enrolled for tenant ${ask.tenant}.`)
}

function parseKey(wire: WireKeys['keys'][number], box: LeaseBox): LeasedKey {
  const { id, tenant, bucket, epoch, state, key } = wire
  return { id: Buffer.from(id, 'hex'), tenant, bucket, epoch, state, key: opened(key, box) }
}

function opened(key: string, box: LeaseBox): Buffer {
  try {
    return box.open(Buffer.from(key, 'base64url'))
  } catch {
    throw new NoLease('unreachable', 'The custodian sent a key that was not sealed to this proxy.')
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
