import type { Uploads } from '../registry/path/uploads.ts'
import type { Log } from './log.ts'
import type { OpenedStore } from './open-store.ts'

const HOUR = 3_600_000
/** How long a repeated Complete gets its answer again. */
const COMPLETED_KEPT = 24 * HOUR

/** Forgets uploads that were completed long ago, now and every hour. @returns what ends it */
export function keepHouse(uploads: Uploads, log: Log): () => void {
  return everyHour(log, async () => {
    const swept = await uploads.sweepCompleted(new Date(Date.now() - COMPLETED_KEPT))
    log.debug('uploads-swept', { swept })
  })
}

/**
 * Carries out the lifecycle rules of a store that does not do so by itself, now and every hour. Each worker does:
 * what one has ended, the others no longer find. @returns what ends it
 */
export function keepStore({ sweep }: OpenedStore, log: Log): () => void {
  if (!sweep) return () => {}
  return everyHour(log, async () => log.debug('store-swept', { ...(await sweep()) }))
}

function everyHour(log: Log, work: () => Promise<void>): () => void {
  const attempt = () => work().catch((error: Error) => log.warn('sweep-failed', { reason: error.message }))
  void attempt()
  const timer = setInterval(attempt, HOUR).unref()
  return () => clearInterval(timer)
}
