import { setTimeout as sleep } from 'node:timers/promises'
import { StoreError, StoreUnavailable } from '../errors.ts'

const RETRIES = 2
const FIRST_WAIT = 100
/** Longer waits are the client's: it knows whether it still wants the answer. */
const LONGEST_WAIT = 2_000

/** Why an attempt failed, and whether the store can have seen anything of it. */
export class Attempt {
  readonly failure: Error
  readonly sent: boolean

  constructor(failure: Error, sent: boolean) {
    this.failure = failure
    this.sent = sent
  }
}

/**
 * Tries again what can do no harm twice: anything of which the store saw nothing, and safe methods after a
 * failure that looks like chance. A store that asks for fewer requests is obeyed at once: the client hears it.
 *
 * @param attempt its answer, or an Attempt that failed
 */
export async function retrying<T>(safe: boolean, attempt: () => Promise<T | Attempt>): Promise<T> {
  for (let tries = 0; ; tries++) {
    const outcome = await attempt()
    if (!(outcome instanceof Attempt)) return outcome
    const { failure, sent } = outcome
    if (tries === RETRIES || (sent && !(safe && isChance(failure)))) throw failure
    // Full jitter, so that many proxies do not come back as one.
    const wait = Math.random() * FIRST_WAIT * 4 ** tries
    const asked = failure instanceof StoreUnavailable ? (failure.retryAfter ?? 0) * 1_000 : 0
    if (asked > LONGEST_WAIT) throw failure
    await sleep(Math.max(wait, asked))
  }
}

function isChance(failure: Error): boolean {
  if (failure instanceof StoreError) return failure.code === 'InternalError'
  return failure instanceof StoreUnavailable && failure.reason === 'unreachable'
}
