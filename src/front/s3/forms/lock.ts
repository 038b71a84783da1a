import type { Headers } from '../../../wire/exchange.ts'
import { invalidArgument } from '../errors.ts'
import { readIsoTime } from './times.ts'

const MODE = 'x-amz-object-lock-mode'
const UNTIL = 'x-amz-object-lock-retain-until-date'
const HOLD = 'x-amz-object-lock-legal-hold'

/**
 * Checks what a write says of object lock; the fields pass on as they stand.
 * @throws S3Error InvalidArgument
 */
export function checkLock(headers: Headers, now: Date): void {
  const mode = headers.get(MODE) ?? ''
  const until = headers.get(UNTIL) ?? ''
  const hold = headers.get(HOLD) ?? ''
  if ((mode === '') !== (until === ''))
    throw invalidArgument(mode === '' ? MODE : UNTIL, '', `${UNTIL} and ${MODE} must both be supplied.`)
  if (until !== '') {
    const time = readIsoTime(until)
    if (!time)
      throw invalidArgument(UNTIL, until, 'The retain until date must be provided in ISO 8601 format')
    if (time <= now) throw invalidArgument(UNTIL, until, 'The retain until date must be in the future!')
  }
  if (mode !== '' && mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE')
    throw invalidArgument(MODE, mode, 'Unknown wormMode directive.')
  if (hold !== '' && hold !== 'ON' && hold !== 'OFF')
    throw invalidArgument(HOLD, hold, "Legal Hold must be either of 'ON' or 'OFF'")
}

/** True where a write asks for a lock, which a bucket without object lock refuses. */
export const asksForLock = (headers: Headers): boolean =>
  [MODE, UNTIL, HOLD].some(name => Boolean(headers.get(name)))
