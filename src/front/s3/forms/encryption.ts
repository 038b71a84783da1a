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
  const id = headers.get('x-amz-server-side-encryption-aws-kms-key-id')
  if (id !== undefined && !ANNOUNCED.test(id)) throw notForClients('aws-kms-key-id')
  if (headers.get('x-amz-server-side-encryption-context') !== undefined) throw notForClients('context')
}

/**
 * A group key's id, as answers announce it. Hadoop's S3A repeats the source's when it copies
 * (RequestFactoryImpl.copyEncryptionParameters); that chooses nothing, the object gets the key of its time.
 */
const ANNOUNCED = /^[0-9a-f]{32}$/

const notForClients = (name: string) =>
  new S3Error(
    'NotImplemented',
    `x-amz-server-side-encryption-${name} is not implemented here: keys are chosen by whoever keeps them. Please leave it out.`,
  )
