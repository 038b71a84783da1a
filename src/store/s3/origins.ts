import type { SecureContextOptions } from 'node:tls'
import { type ClientLimits, Origin } from '../../wire/client.ts'
import type { Target } from './targets.ts'

/**
 * The servers that payloads go to: one, or one for each bucket where buckets are named in the host. Each has
 * its own connections; the one unused longest is given up when there are too many.
 */
export class Origins {
  readonly #origins = new Map<string, Origin>()
  readonly #trust: SecureContextOptions
  readonly #limits: Partial<ClientLimits>

  constructor(trust: SecureContextOptions, limits: Partial<ClientLimits>) {
    this.#trust = trust
    this.#limits = limits
  }

  at({ origin, host }: Target): Origin {
    let found = this.#origins.get(host)
    if (found === undefined) {
      const { protocol, hostname, port } = new URL(origin)
      const secure = protocol === 'https:'
      found = new Origin({
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? (secure ? 443 : 80) : Number(port),
        ...(secure && { tls: this.#trust }),
        limits: this.#limits,
      })
    } else this.#origins.delete(host)
    this.#origins.set(host, found)
    if (this.#origins.size > MAX_ORIGINS) this.#closeOldest()
    return found
  }

  close(): void {
    for (const origin of this.#origins.values()) origin.close()
    this.#origins.clear()
  }

  #closeOldest(): void {
    const [oldest] = this.#origins
    if (oldest === undefined) return
    oldest[1].close()
    this.#origins.delete(oldest[0])
  }
}

const MAX_ORIGINS = 1_000
