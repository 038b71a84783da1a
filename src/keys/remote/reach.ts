import { Connection } from './connection.ts'
import type { ProxyCredentials } from './credentials.ts'

/** Milliseconds; the custodian gives its first sign of life at once. */
const PATIENCE = 10_000

/**
 * Whether one custodian would serve this proxy now: it is up, unsealed, not stopped, and admits who asks from
 * here. Asks for no key.
 *
 * @param url `https://host:port` of one custodian
 * @throws NoLease with the reason why not
 */
export async function reach(url: string, credentials: ProxyCredentials): Promise<void> {
  const connection = new Connection([url], credentials)
  try {
    for await (const _ of connection.lines('/v1/revocations', AbortSignal.timeout(PATIENCE))) return
  } finally {
    await connection.close()
  }
}
