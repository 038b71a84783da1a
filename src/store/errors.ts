/**
 * A refusal by the store, reduced to an S3 error code. The store's own sentence, host and addresses are
 * never kept: an adversary wrote them.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** S3 error code, as `NoSuchKey`; checked against the front's table before a client sees it. */
  readonly code: string
  /** HTTP status that came with it. */
  readonly status: number
  /** What the store said of the object it refused to give, such as `x-amz-delete-marker`. */
  readonly attributes: Readonly<Record<string, string>>
  readonly reason: RefusalReason | undefined

  constructor(
    code: string,
    status: number,
    attributes: Readonly<Record<string, string>> = {},
    reason?: RefusalReason,
  ) {
    super(`the store refused with ${code}`)
    this.code = code
    this.status = status
    this.attributes = attributes
    this.reason = reason
  }
}

/** What a refusal says beyond its code, read from S3's own sentences and reduced to one of these. */
export type RefusalReason =
  | { readonly kind: 'policy-principal' | 'policy-resource' | 'policy-action' }
  /** A statement of a bucket policy denies this action: `s3:` and letters. */
  | { readonly kind: 'explicit-deny'; readonly action: string }

/**
 * The store could not be reached, stalled, broke its protocol, answered with a redirect, or does not take
 * the credential we have for it; or the disk below it is full or fails. Worth a retry. `detail` is for the log: a client never sees it.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly reason:
    | 'unreachable'
    | 'stalled'
    | 'protocol'
    | 'redirect'
    | 'slow-down'
    | 'credential'
    | 'full'
    | 'failed'
  /** Seconds to wait, where the store gave them. */
  readonly retryAfter: number | undefined

  constructor(reason: StoreUnavailable['reason'], detail: string, retryAfter?: number) {
    super(`the store is unavailable: ${detail}`)
    this.reason = reason
    this.retryAfter = retryAfter
  }
}
