import { ConfigError } from '../config/errors.ts'
import { CustodyError, REFUSALS } from '../custody/errors.ts'
import type { NoLease } from '../keys/custodian.ts'

/** Something outside of the program is in the way. `message` is one plain sentence and the cure. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart'
  readonly exit: number

  /** @param exit 1: a fault; 2: wrong use */
  constructor(message: string, exit = 1) {
    super(message)
    this.exit = exit
  }
}

/**
 * Errors whose message already is a sentence for whoever starts the program. By name, since their classes
 * would load every room, for `treuhand --help` too.
 */
const PLAIN = ['CannotCopyFirst', 'DataFolderRefused', 'RegistryInUse', 'RegistryTooNew', 'StoreUnfit']

/** By the reason that `NoLease` gives. */
const NO_LEASE: Readonly<Record<string, number>> = { refused: 3, sealed: 4, killed: 4, 'unknown-key': 7 }
const UNREACHABLE = 8

/** What to print for an error that ended a command, and what to exit with. A fault of our own shows its stack. */
export function explain(error: unknown): { readonly text: string; readonly exit: number } {
  if (error instanceof CannotStart) return { text: error.message, exit: error.exit }
  if (error instanceof ConfigError) return { text: error.message, exit: 2 }
  if (error instanceof CustodyError) return { text: error.message, exit: REFUSALS[error.code].exit }
  if (error instanceof Error && PLAIN.includes(error.name)) return { text: error.message, exit: 1 }
  if (error instanceof Error && error.name === 'NoLease')
    return { text: error.message, exit: NO_LEASE[(error as NoLease).reason] ?? UNREACHABLE }
  if (error instanceof Error && error.name === 'StoreUnavailable')
    return { text: error.message, exit: UNREACHABLE }
  const { code, syscall, path, message, stack } = error as NodeJS.ErrnoException
  if (code && syscall && path) return { text: `The system refused ${path} (${message}).`, exit: 1 }
  return { text: `Treuhand failed, and should not have: ${stack ?? message ?? error}`, exit: 1 }
}

/** A listener's error, as a sentence. */
export function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): CannotStart {
  switch (error.code) {
    case 'EADDRINUSE':
      return new CannotStart(
        `Port ${port} on ${host} is in use by another program. Stop that one, or choose another with --port N.`,
      )
    case 'EACCES':
      return new CannotStart(
        `The system does not let this user listen on port ${port}. Choose one of 1024 or above with --port N.`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CannotStart(
        `This machine has no address ${host}. Set \`listen.host\` to one it has, as 127.0.0.1 or 0.0.0.0.`,
      )
    default:
      return new CannotStart(`Listening on ${host}:${port} failed (${error.message}).`)
  }
}
