import { createHash, type Hash } from 'node:crypto'
import { type ChecksumDigest, type ChecksummedPart, CRC32, CRC32C, CRC64NVME, type Crc } from './crc.ts'

export type { ChecksumDigest, ChecksummedPart }

/** The five checksums of S3, as far as an object carries one. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
  /** Big-endian for the CRCs, as S3's base64 form has them. */
  readonly value: Uint8Array
}

const CRCS: Partial<Record<ChecksumAlgorithm, Crc>> = { CRC32, CRC32C, CRC64NVME }
const HASHES: Partial<Record<ChecksumAlgorithm, string>> = { SHA1: 'sha1', SHA256: 'sha256' }

/** Bytes of a value. */
export const CHECKSUM_LENGTH: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
}

/**
 * What a multipart upload may ask for, the default first: CRCs can be combined into the checksum of the whole,
 * hashes cannot (Amazon S3 User Guide, "Checking object integrity", table of full object and composite types).
 */
export const MULTIPART_TYPES: Readonly<Record<ChecksumAlgorithm, readonly ChecksumType[]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
}

export function checksumDigest(algorithm: ChecksumAlgorithm): ChecksumDigest {
  const crc = CRCS[algorithm]
  return crc ? crc.digest() : new HashDigest(HASHES[algorithm]!)
}

class HashDigest implements ChecksumDigest {
  readonly #hash: Hash

  constructor(name: string) {
    this.#hash = createHash(name)
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  digest(): Uint8Array {
    return this.#hash.digest()
  }
}

/** The checksum of checksums that S3 calls composite: the parts' values, one after the other, digested again. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly ChecksummedPart[]): Checksum {
  const digest = checksumDigest(algorithm)
  for (const part of parts) digest.update(part.value)
  return { algorithm, type: 'COMPOSITE', value: digest.digest() }
}

/**
 * The checksum of the whole, from its parts' alone.
 * @throws RangeError for SHA-1 and SHA-256, which cannot be combined
 */
export function fullObjectChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly ChecksummedPart[],
): Checksum {
  const crc = CRCS[algorithm]
  if (!crc) throw new RangeError(`${algorithm} values of parts cannot be combined`)
  return { algorithm, type: 'FULL_OBJECT', value: crc.combine(parts) }
}
