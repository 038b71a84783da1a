import type { Fields } from '../wire/exchange.ts'
import { type Answer, serve } from '../wire/server.ts'
import { cannotListen } from './cannot-start.ts'
import type { Metrics } from './metrics.ts'

export interface MetricsServer {
  readonly port: number
  /** From here on `/health` says that this proxy is going. */
  stopping(): void
  close(): Promise<void>
}

/**
 * Tells of the proxy on a listener of its own, apart from what applications reach: `/metrics` for Prometheus,
 * `/health` for whoever hands it requests.
 * @throws CannotStart
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: Metrics,
): Promise<MetricsServer> {
  let serving = true
  const server = await serve({
    listen: { host, port },
    async handler({ method, target, body }, reply) {
      body.discard()
      const { status, fields, body: text } = answer(method, target, metrics, serving)
      await reply.send(status, fields, text)
    },
    refuse: () => said(400, 'This is no request for /metrics or /health.\n'),
    limits: { connections: 64 },
  }).catch((error: NodeJS.ErrnoException) => {
    throw cannotListen(error, host, port)
  })
  return {
    port: server.address.port,
    stopping() {
      serving = false
    },
    close: () => server.close(0),
  }
}

function answer(method: string, target: string, metrics: Metrics, serving: boolean): Answer {
  if (method !== 'GET') return said(405, 'Only GET is answered here.\n')
  if (target === '/metrics') return said(200, metrics.text())
  if (target === '/health') return serving ? said(200, 'serving\n') : said(503, 'stopping\n')
  return said(404, 'Here are /metrics and /health.\n')
}

/** The type is that of Prometheus's text format. */
const FIELDS: Fields = [['content-type', 'text/plain; version=0.0.4; charset=utf-8']]

const said = (status: number, text: string): Answer => ({ status, fields: FIELDS, body: Buffer.from(text) })
