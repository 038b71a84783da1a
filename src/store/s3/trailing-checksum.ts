import { crc32 } from '@node-rs/crc32'
import { ALWAYS_CHECKSUMMED, type ChecksumKind } from '../store.ts'

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

/** The checksum over the ciphertext of an object whose plaintext has one of this kind. */
export function checksumFor(
  { checksums, abilities }: Checksums,
  kind: ChecksumKind | undefined,
): TrailingChecksum {
  // What a store says of one that it chose itself, or of parts' checksums, would not be true of the plaintext.
  if (kind?.type !== 'FULL_OBJECT' || !abilities.checksums.includes(kind.algorithm)) return CRC32
  return checksums.find(({ algorithm }) => algorithm === kind.algorithm) ?? CRC32
}

/** What a listing says of an object, as far as it bears on the checksum. */
interface Listed {
  readonly algorithm: string | undefined
  readonly etag: string
  readonly length: number
}

/**
 * The kind of the plaintext's checksum behind the algorithm that a listing names: ours chose them alike. CRC32
 * also stands for objects without any, which are long, and for what the store does not take; and of an object
 * that the store put together from parts, it chose the algorithm itself.
 */
export function plaintextKind(
  { checksums, abilities }: Checksums,
  { algorithm, etag, length }: Listed,
): ChecksumKind | undefined {
  if (algorithm === undefined || /-\d+$/.test(etag)) return undefined
  if (!checksums.some(checksum => checksum.algorithm === algorithm)) return undefined
  const kind = { algorithm, type: 'FULL_OBJECT' } as const
  if (algorithm !== CRC32.algorithm) return kind
  const takesAll = checksums.every(checksum => abilities.checksums.includes(checksum.algorithm))
  return takesAll && length <= ALWAYS_CHECKSUMMED ? kind : undefined
}
