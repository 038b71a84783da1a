import { readEntry } from '../log/entry.ts'
import type { LogStore } from '../log/store.ts'

/** Leaves that are read at a time. */
const PAGE = 1024
/** Milliseconds that a lease lasts at most. */
const LONGEST_LEASE = 24 * 3_600_000
/** Milliseconds by which the clocks of custodian, proxy and witness may differ. */
const APART = 2 * 60_000

/**
 * When the last lease of any of these keys ends, by the log, in which each lease stands before it leaves.
 *
 * @param keys ids in hex
 * @param now milliseconds since 1970
 * @returns milliseconds since 1970; 0 where none is out
 */
export async function lastLeaseEnd(
  log: LogStore,
  size: number,
  keys: ReadonlySet<string>,
  now: number,
): Promise<number> {
  let last = 0
  for (let end = size; end > 0; end -= PAGE) {
    const entries = (await log.leaves(Math.max(0, end - PAGE), end)).map(readEntry)
    for (const { type, at, body } of entries) {
      if (type !== 'lease') continue
      const leased = body['keys'] as readonly { readonly id: string }[]
      if (leased.some(({ id }) => keys.has(id))) last = Math.max(last, at + Number(body['ttl']) + APART)
    }
    // A clock that was set back once makes single entries look old, hardly a whole page.
    if (entries.every(({ at }) => at < now - LONGEST_LEASE - APART)) break
  }
  return last
}
