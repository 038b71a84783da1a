import type { Body } from '../../../wire/body.ts'
import { collect, pour } from '../../../wire/sinks.ts'
import { S3Error } from '../errors.ts'

/**
 * Reads a whole document that a request carries.
 * @throws S3Error MaxMessageLengthExceeded over `cap` bytes, before one is read
 */
export async function readSmallBody(body: Body, cap: number): Promise<Buffer> {
  if (body.length > cap) {
    body.discard()
    throw new S3Error('MaxMessageLengthExceeded', undefined, { details: { MaxMessageLengthBytes: cap } })
  }
  return collect(body)
}

/** A body that stands in memory. */
export const memoryBody = (bytes: Uint8Array): Body => ({
  length: bytes.length,
  readInto: sink => pour(bytes, sink),
  discard() {},
})
