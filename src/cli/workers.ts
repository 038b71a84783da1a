import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Custodian } from '../keys/custodian.ts'
import { CannotStart } from './cannot-start.ts'
import { relayEscorts } from './escort-relay.ts'
import { relayLeases } from './lease-relay.ts'
import type { Log } from './log.ts'
import type { Counts } from './metrics.ts'
import type { FromWorker, Serving, ToWorker, WorkerOrder } from './worker.ts'

/**
 * The primary of several processes behind one port. It listens and hands connections out in turn, holds the
 * custodian, and replaces a worker that dies: what the others serve goes on.
 */
export interface Workers {
  readonly port: number
  /** Lets the workers end what they serve, and resolves when they are gone. */
  close(): Promise<void>
}

/** A worker that lived shorter than this is replaced only after as long. */
const SHORT_LIFE = 1_000
/** Longer than a worker takes to end by itself. */
const LAST_WAIT = 20_000

/**
 * Starts `order.config.workers` workers and keeps their number.
 * @param counted told of what the workers have counted
 * @throws CannotStart with what the first of them could not do
 */
export async function startWorkers(
  order: WorkerOrder,
  custodian: Custodian,
  log: Log,
  counted: (counts: Counts) => void,
): Promise<Workers> {
  cluster.setupPrimary({ serialization: 'advanced', args: [] })
  const workers = new Set<Worker>()
  let stopping = false

  async function start(what: WorkerOrder): Promise<Serving> {
    const born = performance.now()
    const worker = cluster.fork()
    workers.add(worker)
    worker.once('exit', () => workers.delete(worker))
    const channel = {
      send: (message: object) => void (worker.isConnected() && worker.send(message)),
      onMessage: (listener: (message: unknown) => void) => void worker.on('message', listener),
    }
    relayLeases(custodian, channel)
    if (custodian.escorts) relayEscorts(custodian.escorts, channel)
    worker.on('message', (message: FromWorker) => {
      if ('counted' in message) counted(message.counted)
    })
    const serving = await answerTo(worker, () => (stopping ? { stop: true } : { serve: what }))
    worker.once('exit', (code, signal) => {
      if (stopping) return
      log.error('worker-died', { worker: worker.process.pid, code, signal })
      void replace(what, performance.now() - born)
    })
    return serving
  }

  async function replace(what: WorkerOrder, lived: number): Promise<void> {
    if (lived < SHORT_LIFE) await sleep(SHORT_LIFE)
    if (stopping) return
    await start(what).catch(async (error: Error) => {
      log.error('worker-failed', { reason: error.message })
      await replace(what, 0)
    })
  }

  // The first one alone looks at the store; the others are told what it found.
  const serving = await start(order)
  const rest = Array.from({ length: order.config.workers - 1 }, () => start({ ...order, ...serving }))
  await Promise.all(rest)
  return {
    port: serving.port,
    async close() {
      stopping = true
      await Promise.all([...workers].map(end))
    },
  }
}

/** @throws CannotStart */
async function answerTo(worker: Worker, first: () => ToWorker): Promise<Serving> {
  const answer = Promise.withResolvers<Serving>()
  worker.on('message', (message: FromWorker) => {
    if ('ready' in message) worker.send(first())
    if ('serving' in message) answer.resolve(message.serving)
    if ('failed' in message) answer.reject(new CannotStart(message.failed.text, message.failed.exit))
  })
  worker.once('exit', () => answer.reject(new CannotStart('A worker ended before it served.')))
  return await answer.promise
}

async function end(worker: Worker): Promise<void> {
  const gone = once(worker, 'exit')
  if (worker.isConnected()) worker.send({ stop: true } satisfies ToWorker)
  const late = setTimeout(() => worker.process.kill('SIGKILL'), LAST_WAIT)
  await gone
  clearTimeout(late)
}
