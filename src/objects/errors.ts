/** Why the objects room refused, by S3 error code where S3 has one. */
export type ObjectErrorCode =
  | 'DoesNotOpen'
  | 'NotSealed'
  | 'InvalidRange'
  | 'PreconditionFailed'
  | 'InvalidPart'
  | 'InvalidPartOrder'
  | 'EntityTooSmall'
  | 'EntityTooLarge'
  | 'MetadataTooLarge'
  | 'NoSuchUpload'
  | 'InvalidRequest'
  | 'BadDigest'
  | 'SlowDown'
  | 'OperationAborted'
  | 'NotImplemented'

/** A refusal by the objects room. `message` is one plain sentence with the cure; it holds no secret. */
export class ObjectError extends Error {
  override readonly name = 'ObjectError'
  readonly code: ObjectErrorCode
  /** What its document says besides, by the names of S3's elements: `ActualObjectSize` of an InvalidRange. */
  readonly details: Readonly<Record<string, string>>

  constructor(code: ObjectErrorCode, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}
