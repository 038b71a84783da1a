import { BodyCut } from '../../wire/body.ts'
import { PeerFailed } from '../../wire/errors.ts'
import { StoreUnavailable } from '../errors.ts'

/** Failures of the wire, in the store's words; all others as they are. */
export function unavailable(error: unknown): Error {
  if (error instanceof BodyCut)
    return error.code === 'discarded' || error.code === 'stalled' ? stalled() : broken('was cut short')
  if (!(error instanceof PeerFailed)) return error as Error
  switch (error.code) {
    case 'stalled':
      return stalled()
    case 'malformed-answer':
      return new StoreUnavailable('protocol', 'its answer is not HTTP/1.1')
    case 'answer-too-large':
      return new StoreUnavailable('protocol', 'its answer is too large')
    case 'unreachable':
      return new StoreUnavailable('unreachable', `no connection to it came about (${reasonOf(error.cause)})`)
    default:
      return broken('did not come')
  }
}

/** The system's or OpenSSL's code, as `ECONNREFUSED` or `CERT_HAS_EXPIRED`: with it an operator knows where to look. */
function reasonOf(cause: unknown): string {
  const { code, message } = (cause ?? {}) as Partial<NodeJS.ErrnoException>
  return code ?? message ?? 'it was closed'
}

/** Whether the store can have seen anything of a request that failed so. */
export const wasSent = (error: unknown): boolean =>
  !(error instanceof PeerFailed && error.code === 'unreachable')

const stalled = () => new StoreUnavailable('stalled', 'it did not go on in time')
const broken = (what: string) => new StoreUnavailable('unreachable', `its answer ${what}`)
