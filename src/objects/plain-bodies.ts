import type { Sink } from '../wire/body.ts'
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
          for (let piece of pieces) {
            while (piece.length > 0) {
              const space = sink.space()
              const fitting = piece.subarray(0, space.length)
              space.set(fitting)
              await sink.filled(fitting.length)
              piece = piece.subarray(fitting.length)
            }
          }
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

/** A sink that shows each run of bytes before it passes it on. */
function watched(sink: Sink, watch: (bytes: Uint8Array) => void): Sink {
  let space: Uint8Array
  return {
    space() {
      space = sink.space()
      return space
    },
    filled(length) {
      watch(space.subarray(0, length))
      return sink.filled(length)
    },
  }
}
