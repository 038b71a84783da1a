/**
 * Every refusal of the custody plane: its stable code, the HTTP status that carries it, and the exit code
 * with which the command line ends (docs/custody.md lists them).
 */
export const REFUSALS = {
  Malformed: { status: 400, exit: 2 },
  TooLarge: { status: 413, exit: 2 },
  Refused: { status: 403, exit: 3 },
  Vetoed: { status: 403, exit: 3 },
  BadShare: { status: 403, exit: 3 },
  Sealed: { status: 503, exit: 4 },
  Killed: { status: 503, exit: 4 },
  Forked: { status: 503, exit: 4 },
  Restored: { status: 503, exit: 4 },
  AwaitsApproval: { status: 202, exit: 5 },
  Conflict: { status: 409, exit: 7 },
  Stale: { status: 409, exit: 7 },
  Expired: { status: 410, exit: 7 },
  TooMany: { status: 429, exit: 3 },
  Standby: { status: 503, exit: 8 },
  Unknown: { status: 404, exit: 7 },
  Unreachable: { status: 502, exit: 8 },
  Unverified: { status: 422, exit: 9 },
  SelfTestFailed: { status: 500, exit: 1 },
  RootKeyMissing: { status: 500, exit: 1 },
  RootKeyUnsafe: { status: 500, exit: 1 },
  RootKeyChanged: { status: 500, exit: 1 },
  WrongPassphrase: { status: 403, exit: 3 },
  WeakPassphrase: { status: 400, exit: 2 },
  SealMismatch: { status: 500, exit: 1 },
  SealRecordBroken: { status: 500, exit: 1 },
  WrapDoesNotOpen: { status: 500, exit: 1 },
} as const
export type CustodyErrorCode = keyof typeof REFUSALS

/** A refusal by the custody plane. `message` is one plain sentence with the cure; it holds no secret. */
export class CustodyError extends Error {
  override readonly name = 'CustodyError'
  readonly code: CustodyErrorCode
  /** More that an answer needs, as the size that a witness holds. */
  readonly details: Readonly<Record<string, string | number>>

  constructor(
    code: CustodyErrorCode,
    message: string,
    details: Readonly<Record<string, string | number>> = {},
  ) {
    super(message)
    this.code = code
    this.details = details
  }
}
