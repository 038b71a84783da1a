import type { Body } from '../../../wire/body.ts'
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

/** A body that stands in memory. */
export function memoryBody(bytes: Uint8Array): Body {
  return {
    length: bytes.length,
    async readInto(sink) {
      for (let at = 0; at < bytes.length; ) {
        const space = sink.space()
        const run = bytes.subarray(at, at + space.length)
        space.set(run)
        at += run.length
        await sink.filled(run.length)
      }
    },
    discard() {},
  }
}
