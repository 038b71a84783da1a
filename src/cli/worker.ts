import type { Config } from '../config/schema.ts'
import { openPathRegistry } from '../registry/path/registry.ts'
import type { Findings } from '../store/s3/open.ts'
import { explain } from './cannot-start.ts'
import { type DataFolder, pathStoreKey } from './data-folder.ts'
import { relayedEscorts } from './escort-relay.ts'
import { relayedCustodian } from './lease-relay.ts'
import { type Counts, logOf, Metrics } from './metrics.ts'
import { startProxy } from './proxy.ts'

/** One of several processes behind one port, told by the primary what to serve. */

export interface WorkerOrder {
  readonly config: Config
  readonly folder: DataFolder
  /** Under which the processes of this proxy share the directory store. */
  readonly family: string
  /** Of the store, where a process before this one has looked. */
  readonly findings?: Findings
}

export interface Serving {
  readonly port: number
  readonly findings?: Findings
}

export type ToWorker = { readonly serve: WorkerOrder } | { readonly stop: true }
export type FromWorker =
  | { readonly ready: true }
  | { readonly serving: Serving }
  /** Since the last time. */
  | { readonly counted: Counts }
  | { readonly failed: { readonly text: string; readonly exit: number } }

/** Milliseconds. What a worker that is killed had not told yet is not counted. */
const TELL_COUNTS = 1_000

/** Runs in a process that `startWorkers` began. */
export function serveAsWorker(): void {
  // A terminal sends these to every process; the primary says when to stop. Where it is gone, node:cluster ends us.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  let close = async () => {}
  process.on('message', async (message: ToWorker) => {
    if ('serve' in message) close = (await serve(message.serve)) ?? close
    if (!('stop' in message)) return
    // Nothing is served yet where it comes early.
    await close()
    process.exit()
  })
  // What comes before there is a listener would be lost.
  tell({ ready: true })
}

const tell = (message: FromWorker) => process.send?.(message)

/** @returns what ends it; undefined where it failed to begin */
async function serve(order: WorkerOrder): Promise<(() => Promise<void>) | undefined> {
  try {
    const { config, folder } = order
    const registry = await openPathRegistry({ file: folder.pathStore, key: pathStoreKey(folder) })
    const metrics = new Metrics()
    const tellCounts = () => tell({ counted: metrics.take() })
    const counting = setInterval(tellCounts, TELL_COUNTS).unref()
    const primary = {
      send: (message: object) => void process.send?.(message),
      onMessage: (listener: (message: unknown) => void) => void process.on('message', listener),
    }
    const escorts = config.keys.kind === 'custodian' && relayedEscorts(primary)
    const proxy = await startProxy({
      ...order,
      registry,
      custodian: { ...relayedCustodian(primary), ...(escorts && { escorts }) },
      log: logOf(config, metrics),
    })
    tell({ serving: { port: proxy.port, ...(proxy.findings && { findings: proxy.findings }) } })
    return async () => {
      await proxy.close()
      clearInterval(counting)
      tellCounts()
      await registry.close()
    }
  } catch (error) {
    tell({ failed: explain(error) })
    return undefined
  }
}
