import { NoLease } from '../custodian.ts'
import type { EscortedAnswer, EscortedKey, EscortedRequest, Escorts } from '../escorts.ts'
import { Batches } from './batches.ts'
import { Connection, noLease } from './connection.ts'
import type { ProxyCredentials } from './credentials.ts'

const KEYS_A_CALL = 50
/** Milliseconds: longer than the escort's screen has to acknowledge. */
const ADMISSION = 20_000
/** Requests wait for a person here, so they must not take the connections that leases come by. */
const CONNECTIONS = 64

interface KeyAsk {
  readonly escort: string
  readonly day: string
  readonly region: string
}
type WireKey =
  | (Omit<EscortedKey, 'signingKey'> & { readonly signingKey: string })
  | { readonly refused: string; readonly message: string }

/** The custodian's escorted accesses over mutual TLS. */
export class RemoteEscorts implements Escorts {
  readonly #connection: Connection
  readonly #keys: Batches<KeyAsk, EscortedKey>
  readonly #listeners: ((ids: 'all' | readonly string[]) => void)[] = []
  #listening = false

  constructor(urls: readonly string[], credentials: ProxyCredentials) {
    this.#connection = new Connection(urls, credentials, CONNECTIONS)
    this.#keys = new Batches(
      async asks => await this.#ask(asks),
      KEYS_A_CALL,
      () => 0,
    )
  }

  async find(escort: string, day: string, region: string): Promise<EscortedKey | undefined> {
    try {
      return await this.#keys.ask({ escort, day, region })
    } catch (error) {
      if (error instanceof NoLease && error.reason === 'unknown-key') return undefined
      throw error
    }
  }

  async admit({ key, ...request }: EscortedRequest): Promise<string> {
    if (!this.#listening) throw new NoLease('unreachable', 'The custodian could not tell of an end now.')
    const body = { ...request, key: Buffer.from(key, 'utf8').toString('base64url') }
    const answer = await this.#connection.call('POST', '/v1/escorts/requests', body, ADMISSION)
    return (answer as { request: string }).request
  }

  async answered(answer: EscortedAnswer): Promise<void> {
    await this.#connection.call('POST', '/v1/escorts/answers', answer)
  }

  onEnded(listener: (ids: 'all' | readonly string[]) => void): void {
    this.#listeners.push(listener)
  }

  /** The stream of revocations is there: from now on ends are heard of. */
  listens(): void {
    this.#listening = true
  }

  /** What the stream says; `all` where it broke off, since nobody can tell what it would have said. */
  tellEnded(ids: 'all' | readonly string[]): void {
    if (ids === 'all') this.#listening = false
    for (const listener of this.#listeners) listener(ids)
  }

  renew(credentials: ProxyCredentials): void {
    this.#connection.renew(credentials)
  }

  async close(): Promise<void> {
    this.tellEnded('all')
    this.#keys.close()
    await this.#connection.close()
  }

  async #ask(asks: readonly KeyAsk[]): Promise<(EscortedKey | NoLease)[]> {
    const { answers } = (await this.#connection.call('POST', '/v1/escorts/keys', { asks })) as {
      answers: readonly WireKey[]
    }
    return answers.map(one =>
      'refused' in one
        ? noLease(one.refused, one.message)
        : { ...one, signingKey: new Uint8Array(Buffer.from(one.signingKey, 'base64url')) },
    )
  }
}
