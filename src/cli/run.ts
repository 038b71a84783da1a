import { randomUUID } from 'node:crypto'
import { flushCompileCache } from 'node:module'
import type { Config } from '../config/schema.ts'
import { openPathRegistry } from '../registry/path/registry.ts'
import { openCustodian } from './custodian.ts'
import { type DataFolder, openDataFolder, pathStoreKey } from './data-folder.ts'
import { ensureFirstAccessKey } from './first-access-key.ts'
import { keepHouse } from './housekeeping.ts'
import { logOf, Metrics } from './metrics.ts'
import { serveMetrics } from './metrics-server.ts'
import { startProxy } from './proxy.ts'
import { startWorkers } from './workers.ts'

export interface Ready {
  readonly folder: DataFolder
  /** Where applications reach the proxy. */
  readonly endpoint: string
}

/**
 * Runs the proxy of a configuration, with the custodian inside where it has one. Resolves when it was told to
 * stop and has.
 */
export async function run(config: Config, onReady: (ready: Ready) => void): Promise<void> {
  const stop = stopSignal()
  const metrics = new Metrics()
  const log = logOf(config, metrics)
  const folder = openDataFolder(config.data)
  const custodian = await openCustodian(config, folder, log)
  const registry = await openPathRegistry({ file: folder.pathStore, key: pathStoreKey(folder) })
  await ensureFirstAccessKey(registry.accessKeys, folder)
  const endHousekeeping = keepHouse(registry.uploads, log)

  const order = { config, folder, family: randomUUID() }
  const running =
    config.workers === 1
      ? await startProxy({ ...order, registry, custodian, log })
      : await startWorkers(order, custodian, log, counts => metrics.add(counts))
  const told = config.metrics && (await serveMetrics(config.metrics, metrics))
  const { host, tls } = config.listen
  const endpoint = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${running.port}`
  onReady({ folder, endpoint })
  log.info('listening', { endpoint, workers: config.workers, ...(told && { metrics: told.port }) })
  // Node writes it at the end, which a process that is killed never comes to.
  flushCompileCache()

  await stop
  log.info('stopping')
  told?.stopping()
  endHousekeeping()
  await running.close()
  await custodian.close()
  await registry.close()
  await told?.close()
}

/** Resolves at the first signal that asks for an end; a second one ends at once. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    if (process.env['npm_lifecycle_event'] === 'start') whenOrphaned(resolve)
  })
}

/** npm hands a signal to the shell that it ran us in, and many a shell ends without telling us. */
function whenOrphaned(act: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    act()
  }, 250).unref()
}
