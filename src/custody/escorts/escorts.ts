import { randomUUID } from 'node:crypto'
import type { Custody } from '../custody.ts'
import { CustodyError } from '../errors.ts'
import type { Caller, Leases } from '../leases.ts'
import type { Opened } from '../opened.ts'
import type { Kept } from '../records.ts'
import { Escort, type EscortedAnswer, type EscortedRequest } from './escort.ts'
import { escortSigningKey } from './key.ts'
import { type EscortEnd, type EscortRecord, endSentence } from './record.ts'

/** Milliseconds for which a screen can still ask about an access that has ended. */
const REMEMBERED = 10 * 60_000
const DAY = 24 * 3_600_000

/** An access key as a proxy that met it is told of it. */
export interface EscortedKey
  extends Pick<EscortRecord, 'tenant' | 'bucket' | 'prefixes' | 'actions' | 'networks' | 'until'> {
  /** 32 bytes: SigV4's signing key of the day and region that were asked for. */
  readonly signingKey: Buffer
}

interface Live {
  readonly escort: Escort
  /** Requests let through whose answer was not told yet, by their id: the proxy that serves them. */
  readonly unanswered: Map<string, string>
  /** Who ended it, where a person did. */
  by: string | null
  /** Settles when its end is in registry and log. */
  keeping?: Promise<void>
}

/** Escorted accesses: each request judged, in the log and on the screen before a byte of it leaves. */
export class Escorts {
  readonly #custody: Custody
  readonly #leases: Leases
  readonly #live = new Map<string, Live>()
  readonly #onFault: (error: Error) => void

  /** @param onFault told where an end could not be kept; it holds all the same until the custodian starts anew */
  constructor(custody: Custody, leases: Leases, onFault: (error: Error) => void) {
    this.#custody = custody
    this.#leases = leases
    this.#onFault = onFault
  }

  /**
   * By what a proxy verifies requests of an access key.
   *
   * @param day `20260131`, not further than a day from now
   * @returns undefined where there is no such key for this proxy
   * @throws CustodyError `Refused` with the reason where the access has ended
   */
  async keyFor(caller: Caller, id: string, day: string, region: string): Promise<EscortedKey | undefined> {
    const { opened, tenant } = await this.#leases.admitLease(caller)
    const kept = await opened.records.find<EscortRecord>('escort', id)
    if (kept?.body.tenant !== tenant.id) return undefined
    const { escort } = this.#watched(kept)
    if (escort.ended) throw new CustodyError('Refused', endSentence(escort.ended))
    const { bucket, prefixes, actions, networks, until } = kept.body
    if (
      Math.abs(Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`) - this.#custody.now()) >
      2 * DAY
    )
      throw new CustodyError('Refused', 'The request is not of today. Look at the clock.')
    const signingKey = escortSigningKey(opened.records, id, day, region)
    return { tenant: tenant.id, bucket, prefixes, actions, networks, until, signingKey }
  }

  /**
   * Lets a request through: it is in the log, then on the screen, then acknowledged.
   *
   * @returns the request's id, under which its answer is told
   * @throws CustodyError `Refused`, `TooMany`, or whatever stops leases too
   */
  async admit(caller: Caller, id: string, asked: Omit<EscortedRequest, 'id'>): Promise<string> {
    const { opened, proxy, tenant } = await this.#leases.admitLease(caller)
    const kept = await opened.records.find<EscortRecord>('escort', id)
    if (kept?.body.tenant !== tenant.id)
      throw new CustodyError('Refused', 'There is no such escorted access for this proxy.')
    const live = this.#watched(kept)
    const request: EscortedRequest = { id: randomUUID(), ...asked }
    const { buckets } = proxy.body
    try {
      if (!buckets.includes('*') && !buckets.includes(kept.body.bucket))
        throw new CustodyError('Refused', `This proxy may not use bucket ${kept.body.bucket}.`)
      live.escort.judge(request)
    } catch (error) {
      if (!(error instanceof CustodyError)) throw error
      // What has ended shows and logs nothing more: its key may go on asking for ever.
      if (!live.escort.ended) {
        await this.#log(opened, kept, request, { proxy: proxy.id, refused: error.code })
        live.escort.showRefused(request, error.message)
      }
      throw error
    }
    await this.#log(opened, kept, request, { proxy: proxy.id })
    await live.escort.show(request)
    // Seals and kills that came meanwhile must win.
    this.#custody.opened(tenant.id)
    live.unanswered.set(request.id, proxy.id)
    return request.id
  }

  /** Takes how a request was answered; its proxy alone may say. @throws CustodyError `Unknown` */
  async answered(caller: Caller, id: string, request: string, answer: EscortedAnswer): Promise<void> {
    const live = this.#live.get(id)
    if (live?.unanswered.get(request) !== caller.fingerprint)
      throw new CustodyError('Unknown', 'No request of this id waits for its answer.')
    live.unanswered.delete(request)
    live.escort.showAnswered(request, answer)
    const { status, received, sent } = answer
    const body = { step: 'answered', escort: id, request, status, received, sent }
    await this.#custody.record({ type: 'escort', at: this.#custody.now(), body })
  }

  /** The access as it is watched. @throws CustodyError `Unknown` */
  async find(id: string): Promise<Escort> {
    const kept = await this.#custody.opened().records.find<EscortRecord>('escort', id)
    if (kept) return this.#watched(kept).escort
    throw new CustodyError(
      'Unknown',
      `There is no escorted access ${id}. treuhand escort list names those there are.`,
    )
  }

  /**
   * Ends an access at one person's word: the act comes first, then registry and log.
   *
   * @param by fingerprint of an officer or delegate
   */
  async end(id: string, by: string): Promise<void> {
    const escort = await this.find(id)
    const live = this.#live.get(id)!
    if (!escort.ended) live.by = by
    escort.end('ended')
    await live.keeping
  }

  /** Ends what is over, so that the log says so though nobody came, and keeps ends that could not be kept before. */
  async sweep(): Promise<void> {
    for (const kept of await this.#custody.opened().records.all<EscortRecord>('escort')) {
      if (kept.body.state === 'ended') continue
      const known = this.#live.get(kept.id)?.escort.ended
      if (known) await this.#keepEnd(kept, this.#live.get(kept.id)!, known)
      else if (kept.body.until <= this.#custody.now()) {
        const live = this.#watched(kept)
        if (live.escort.ended) await live.keeping
      }
    }
  }

  #watched(kept: Kept<EscortRecord>): Live {
    const known = this.#live.get(kept.id)
    if (known) return known
    const live: Live = {
      escort: new Escort(kept.body, this.#custody.now, why => {
        this.#custody.tellEscortEnded(kept.body.tenant, kept.id)
        live.keeping = this.#keepEnd(kept, live, why)
        live.keeping.catch(this.#onFault)
      }),
      unanswered: new Map(),
      by: null,
    }
    this.#live.set(kept.id, live)
    if (kept.body.ended) this.#forget(kept.id)
    return live
  }

  #forget(id: string): void {
    setTimeout(() => this.#live.delete(id), REMEMBERED).unref()
  }

  async #keepEnd(kept: Kept<EscortRecord>, { by, unanswered }: Live, why: EscortEnd): Promise<void> {
    const at = this.#custody.now()
    const body: EscortRecord = { ...kept.body, state: 'ended', ended: { why, by, at } }
    const entry = { step: 'ended', escort: kept.id, why, by, unanswered: unanswered.size }
    await this.#custody.keep('escort', kept.id, kept, body, { type: 'escort', at, body: entry })
    this.#forget(kept.id)
  }

  async #log(
    opened: Opened,
    { id, body: { tenant, bucket } }: Kept<EscortRecord>,
    request: EscortedRequest,
    more: { readonly proxy: string; readonly refused?: string },
  ): Promise<void> {
    const { operation, action, key, address } = request
    await opened.log.append({
      type: 'escort',
      at: this.#custody.now(),
      body: { step: 'request', escort: id, request: request.id, tenant, bucket, operation, action, ...more },
      hidden: { address, ...(key !== '' && { object: key }) },
    })
  }
}
