import { Agent, type Dispatcher } from 'undici'
import { NoLease } from '../custodian.ts'
import type { KnownAuthority, ProxyCredentials } from './credentials.ts'

const CALL = 10_000
const CONNECTIONS = 4
/** Bytes of an answer, at most: 200 asks with two keys each stay far below. */
const ANSWER = 512 * 1024

/** Mutual TLS to a custodian and its standby: whichever is active answers. */
export class Connection {
  readonly #urls: readonly string[]
  readonly #connections: number
  #agent: Agent
  #last = 0

  /**
   * @param urls `https://host:port`, all of one custodian
   * @param credentials without a certificate only an enrolment can be asked for
   * @param connections to each url, at most
   */
  constructor(
    urls: readonly string[],
    credentials: ProxyCredentials | KnownAuthority,
    connections = CONNECTIONS,
  ) {
    this.#urls = urls
    this.#connections = connections
    this.#agent = agentFor(credentials, connections)
  }

  /** Uses new credentials from the next call on. */
  renew(credentials: ProxyCredentials): void {
    const old = this.#agent
    this.#agent = agentFor(credentials, this.#connections)
    void old.close()
  }

  /**
   * @param within milliseconds
   * @throws NoLease
   */
  async call(method: 'GET' | 'POST', path: string, body?: unknown, within = CALL): Promise<unknown> {
    const response = await this.#active(method, path, body, AbortSignal.timeout(within))
    return JSON.parse(await readText(response.body))
  }

  /**
   * The lines of an answer that goes on, each a JSON value.
   *
   * @throws NoLease
   */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<unknown> {
    const response = await this.#active('GET', path, undefined, signal)
    let rest = ''
    response.body.setEncoding('utf8')
    for await (const text of response.body as AsyncIterable<string>) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      if (rest.length > ANSWER) throw new NoLease('unreachable', 'the custodian sends a line without end')
      for (const line of lines) yield JSON.parse(line)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  /** Asks one after the other, the one that answered last first. */
  async #active(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    let failure = new NoLease('unreachable', 'The custodian cannot be reached.')
    for (let tries = 0; tries < this.#urls.length; tries++) {
      const place = (this.#last + tries) % this.#urls.length
      try {
        const response = await this.#request(this.#urls[place]!, method, path, body, signal)
        this.#last = place
        return response
      } catch (error) {
        failure = error instanceof NoLease ? error : unreachable(error)
        if (failure.reason !== 'unreachable') throw failure
      }
    }
    throw failure
  }

  async #request(url: string, method: 'GET' | 'POST', path: string, body: unknown, signal: AbortSignal) {
    const payload = body === undefined ? {} : { body: JSON.stringify(body), headers: JSON_BODY }
    const response = await this.#agent.request({ origin: url, path, method, signal, ...payload })
    if (response.statusCode === 200 || response.statusCode === 202) return response
    throw refusal(await readText(response.body))
  }
}

const JSON_BODY = { 'content-type': 'application/json' }

function agentFor(credentials: ProxyCredentials | KnownAuthority, connections: number): Agent {
  const own = 'key' in credentials ? { key: credentials.key, cert: credentials.certificate } : {}
  return new Agent({
    connections,
    // The stream of revocations has its own signs of life.
    bodyTimeout: 0,
    connect: { ...own, ca: credentials.authority, minVersion: 'TLSv1.3', timeout: CALL },
  })
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  let text = ''
  body.setEncoding('utf8')
  for await (const piece of body as AsyncIterable<string>) {
    text += piece
    if (text.length > ANSWER) throw new NoLease('unreachable', 'the custodian sends an answer without end')
  }
  return text
}

const REASONS: Readonly<Record<string, NoLease['reason']>> = {
  Sealed: 'sealed',
  Killed: 'killed',
  Forked: 'killed',
  Restored: 'sealed',
  Refused: 'refused',
  Unknown: 'unknown-key',
  Standby: 'unreachable',
  TooMany: 'unreachable',
}

/** What the custodian said, as the data plane understands it. */
export function noLease(code: string, message: string): NoLease {
  return new NoLease(REASONS[code] ?? 'unreachable', message)
}

function refusal(text: string): NoLease {
  try {
    const { code, message } = JSON.parse(text) as { code: unknown; message: unknown }
    if (typeof code === 'string' && typeof message === 'string') return noLease(code, message)
  } catch {
    // An answer that is no refusal of ours says no more than silence.
  }
  return new NoLease('unreachable', 'The custodian gave an answer that is not one.')
}

function unreachable(error: unknown): NoLease {
  const code = (error as NodeJS.ErrnoException).code
  return new NoLease(
    'unreachable',
    `The custodian cannot be reached${code === undefined ? '' : ` (${code})`}.`,
  )
}
