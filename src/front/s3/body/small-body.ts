import type { PlainBody } from '../../../objects/object.ts'
import { S3Error } from '../errors.ts'

/**
 * Reads a whole document that a request carries.
 * @throws S3Error MaxMessageLengthExceeded over `cap` bytes, before one is read
 */
export async function readSmallBody(body: PlainBody, cap: number): Promise<Buffer> {
  if (body.length > cap) {
    body.discard()
    throw new S3Error('MaxMessageLengthExceeded', undefined, { details: { MaxMessageLengthBytes: cap } })
  }
  const bytes = Buffer.alloc(body.length)
  let at = 0
  await body.readInto({
    space: () => bytes.subarray(at),
    filled(length) {
      at += length
      return undefined
    },
  })
  return bytes
}
