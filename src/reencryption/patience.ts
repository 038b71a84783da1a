import { setTimeout as sleep } from 'node:timers/promises'
import { NoLease } from '../keys/custodian.ts'
import { StoreUnavailable } from '../store/errors.ts'

/** Milliseconds between two tries, growing; a minute in all, longer than a restart of store or custodian takes. */
const WAITS = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]

/** Tries again what failed because store or custodian is away for a while. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const wait of WAITS) {
    try {
      return await work()
    } catch (error) {
      if (!passes(error)) throw error
      await sleep(wait)
    }
  }
  return await work()
}

function passes(error: unknown): boolean {
  if (error instanceof NoLease) return error.reason === 'unreachable' || error.reason === 'expired'
  return error instanceof StoreUnavailable && error.reason !== 'credential' && error.reason !== 'full'
}
