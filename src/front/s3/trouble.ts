import { StoreError, StoreUnavailable } from '../../store/errors.ts'

/** Why a request failed that no client could have put right: for the log, where an operator looks for it. */
export interface Trouble {
  readonly event: 'store-unavailable' | 'store-refused' | 'keys-unavailable'
  readonly reason: string
  readonly detail: string
}

/** @returns undefined where the client's own request is the reason */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof StoreUnavailable)
    return { event: 'store-unavailable', reason: error.reason, detail: error.message }
  if (error instanceof StoreError && (error.status >= 500 || REFUSED.has(error.status)))
    return { event: 'store-refused', reason: asCode(error.code), detail: `with status ${error.status}` }
  // A class of the keys room, which the front does not know.
  if (error instanceof Error && error.name === 'NoLease' && 'reason' in error)
    return { event: 'keys-unavailable', reason: String(error.reason), detail: error.message }
  return undefined
}

/** The store does not let the proxy in, or not at this bucket. */
const REFUSED: ReadonlySet<number> = new Set([401, 403])

/** The store wrote it: what is no code may be anything. */
const asCode = (code: string): string => (/^[A-Za-z0-9.]{1,64}$/.test(code) ? code : 'unnamed')
