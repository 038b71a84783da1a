import { Origin } from '../src/wire/client.ts'

/** What serves at `endpoint`, whoever signed its certificate. */
export function originAt(endpoint: string): Origin {
  const { hostname, port, protocol } = new URL(endpoint)
  return new Origin({
    host: hostname,
    port: Number(port),
    ...(protocol === 'https:' && { tls: { rejectUnauthorized: false } }),
  })
}
