import { invalidArgument, S3Error } from '../errors.ts'

/** How a request speaks for its body: the five forms of `x-amz-content-sha256`. */
export type PayloadForm =
  | { readonly kind: 'unsigned' }
  /** SHA-256 of the body. */
  | { readonly kind: 'digest'; readonly sha256: Uint8Array }
  /** `aws-chunked`: each chunk signed or not, a trailer behind the last or not. */
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean }

const FORMS: Readonly<Record<string, PayloadForm>> = {
  'UNSIGNED-PAYLOAD': { kind: 'unsigned' },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', signed: true, trailer: true },
}

/**
 * @param value of `x-amz-content-sha256`
 * @throws S3Error InvalidArgument, NotImplemented
 */
export function readPayloadForm(value: string): PayloadForm {
  const form = Object.hasOwn(FORMS, value) ? FORMS[value] : undefined
  if (form) return form
  if (/^[0-9a-f]{64}$/i.test(value)) return { kind: 'digest', sha256: Buffer.from(value, 'hex') }
  if (value.startsWith('STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD'))
    throw new S3Error('NotImplemented', 'SigV4A is not implemented here. Please use AWS4-HMAC-SHA256.')
  throw invalidArgument(
    'x-amz-content-sha256',
    value,
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
  )
}
