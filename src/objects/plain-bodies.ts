import { pour, watched } from '../wire/sinks.ts'
import { type Checksum, type ChecksumAlgorithm, checksumDigest } from './checksum.ts'
import type { PlainBody, ReadableObject } from './object.ts'

/** The body of an empty object. */
export const emptyBody = (): PlainBody => ({
  length: 0,
  checksumAlgorithm: undefined,
  checksum: () => undefined,
  readInto: async () => {},
  discard() {},
})

/** An object, or a range of it, as the body of another: it is opened and sealed anew on its way. */
export function bodyOf(object: ReadableObject): PlainBody {
  const { size, range } = object
  return {
    length: range === undefined ? size : range.last - range.first + 1,
    checksumAlgorithm: undefined,
    checksum: () => undefined,
    discard: () => object.discard(),
    async readInto(sink) {
      await object.writeTo({
        async write(pieces) {
          for (const piece of pieces) await pour(piece, sink)
        },
      })
    },
  }
}

/** The same body, with a checksum of the proxy's own over what passes. */
export function digested(body: PlainBody, algorithm: ChecksumAlgorithm): PlainBody {
  const digest = checksumDigest(algorithm)
  let checksum: Checksum | undefined
  return {
    length: body.length,
    checksumAlgorithm: algorithm,
    checksum: () => checksum,
    discard: () => body.discard(),
    async readInto(sink) {
      await body.readInto(watched(sink, bytes => digest.update(bytes)))
      checksum = { algorithm, type: 'FULL_OBJECT', value: digest.digest() }
    },
  }
}
