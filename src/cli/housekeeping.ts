import type { Uploads } from '../registry/path/uploads.ts'
import type { Log } from './log.ts'

const HOUR = 3_600_000
/** How long a repeated Complete gets its answer again. */
const COMPLETED_KEPT = 24 * HOUR

/** Forgets uploads that were completed long ago, now and every hour. @returns what ends it */
export function keepHouse(uploads: Uploads, log: Log): () => void {
  const sweep = () =>
    uploads.sweepCompleted(new Date(Date.now() - COMPLETED_KEPT)).then(
      swept => log.debug('uploads-swept', { swept }),
      (error: Error) => log.warn('sweep-failed', { reason: error.message }),
    )
  void sweep()
  const timer = setInterval(sweep, HOUR).unref()
  return () => clearInterval(timer)
}
