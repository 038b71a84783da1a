import type { Headers } from '../../../wire/exchange.ts'
import { invalidArgument, S3Error } from '../errors.ts'

/**
 * Checks what a client asks of server-side encryption. Every object is sealed, so that any kind of it is
 * granted; which key, is not the client's to say.
 * @throws S3Error InvalidArgument, NotImplemented
 */
export function checkEncryption(headers: Headers): void {
  const kind = headers.get('x-amz-server-side-encryption')
  if (kind !== undefined && !['AES256', 'aws:kms', 'aws:kms:dsse'].includes(kind))
    throw invalidArgument(
      'x-amz-server-side-encryption',
      kind,
      'The encryption method specified is not supported',
    )
  for (const name of ['aws-kms-key-id', 'context'] as const) {
    if (headers.get(`x-amz-server-side-encryption-${name}`) !== undefined)
      throw new S3Error(
        'NotImplemented',
        `x-amz-server-side-encryption-${name} is not implemented here: keys are chosen by whoever keeps them. Please leave it out.`,
      )
  }
}
