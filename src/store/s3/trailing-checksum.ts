import { crc32 } from '@node-rs/crc32'
import { ALWAYS_CHECKSUMMED } from '../store.ts'

/** A checksum that goes behind a payload, and by which a store's listing knows the object. */
export interface TrailingChecksum {
  /** S3's name: `CRC32C`. */
  readonly algorithm: string
  /** Bytes of a value. */
  readonly length: number
  readonly digest: () => { update(bytes: Uint8Array): unknown; digest(): Uint8Array }
}

/** What every store takes that takes trailers, and costs next to nothing. */
export const CRC32: TrailingChecksum = {
  algorithm: 'CRC32',
  length: 4,
  digest() {
    const value = Buffer.alloc(4)
    let crc = 0
    return {
      update(bytes) {
        crc = crc32(bytes, crc)
      },
      digest() {
        value.writeUInt32BE(crc)
        return value
      },
    }
  },
}

/** What a connection knows of them: all that there are, and by name those that the store takes. */
interface Checksums {
  readonly checksums: readonly TrailingChecksum[]
  readonly abilities: { readonly checksums: readonly string[] }
}

/** The checksum over the ciphertext of an object whose plaintext has one of this algorithm. */
export function checksumFor(
  { checksums, abilities }: Checksums,
  algorithm: string | undefined,
): TrailingChecksum {
  if (algorithm === undefined || !abilities.checksums.includes(algorithm)) return CRC32
  return checksums.find(checksum => checksum.algorithm === algorithm) ?? CRC32
}

/** What a listing says of an object, as far as it bears on the checksum. */
interface Listed {
  readonly algorithm: string | undefined
  readonly etag: string
  readonly length: number
}

/**
 * The algorithm of the plaintext's checksum behind the one that a listing names: ours chose them alike. CRC32
 * also stands for objects without any, which are long, and for what the store does not take; and of an object
 * that the store put together from parts, it chose the algorithm itself.
 */
export function plaintextAlgorithm(
  { checksums, abilities }: Checksums,
  { algorithm, etag, length }: Listed,
): string | undefined {
  if (algorithm === undefined || /-\d+$/.test(etag)) return undefined
  if (!checksums.some(checksum => checksum.algorithm === algorithm)) return undefined
  if (algorithm !== CRC32.algorithm) return algorithm
  const takesAll = checksums.every(checksum => abilities.checksums.includes(checksum.algorithm))
  return takesAll && length <= ALWAYS_CHECKSUMMED ? algorithm : undefined
}
