/** What the custodian refuses or cannot do, by a code that stays. */
export type CustodyErrorCode =
  | 'SelfTestFailed'
  | 'RootKeyMissing'
  | 'RootKeyUnsafe'
  | 'RootKeyChanged'
  | 'WrongPassphrase'
  | 'WeakPassphrase'
  | 'SealMismatch'
  | 'SealRecordBroken'
  | 'WrapDoesNotOpen'

/** A refusal by the custody plane. `message` is one plain sentence with the cure; it holds no secret. */
export class CustodyError extends Error {
  override readonly name = 'CustodyError'
  readonly code: CustodyErrorCode

  constructor(code: CustodyErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
