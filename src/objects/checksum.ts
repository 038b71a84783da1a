import { createHash } from 'node:crypto'
import { createXXHash3, createXXHash64, createXXHash128 } from 'hash-wasm'
import { type ChecksummedPart, CRC32, CRC32C, CRC64NVME, type Crc } from './crc.ts'
import { type ChecksumDigest, sharing } from './wasm-digest.ts'

export type { ChecksumDigest, ChecksummedPart }

/** The checksums of S3, of which an object carries one at most. */
export const CHECKSUM_ALGORITHMS = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
  'SHA512',
  'MD5',
  'XXHASH64',
  'XXHASH3',
  'XXHASH128',
] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
  /** Big-endian for the CRCs, as S3's base64 form has them. */
  readonly value: Uint8Array
}

const CRCS: Partial<Record<ChecksumAlgorithm, Crc>> = { CRC32, CRC32C, CRC64NVME }

const DIGESTS: Readonly<Record<ChecksumAlgorithm, () => ChecksumDigest>> = {
  CRC32: CRC32.digest,
  CRC32C: CRC32C.digest,
  CRC64NVME: CRC64NVME.digest,
  SHA1: () => createHash('sha1'),
  SHA256: () => createHash('sha256'),
  SHA512: () => createHash('sha512'),
  MD5: () => createHash('md5'),
  XXHASH64: sharing(await createXXHash64()),
  XXHASH3: sharing(await createXXHash3()),
  XXHASH128: sharing(await createXXHash128()),
}

/** Bytes of a value. */
export const CHECKSUM_LENGTH: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
  XXHASH64: 8,
  XXHASH3: 8,
  XXHASH128: 16,
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
  SHA512: ['COMPOSITE'],
  MD5: ['COMPOSITE'],
  XXHASH64: ['COMPOSITE'],
  XXHASH3: ['COMPOSITE'],
  XXHASH128: ['COMPOSITE'],
}

/** What a store's client needs to know of them, to send the like of them over ciphertext. */
export const TRAILING_CHECKSUMS = CHECKSUM_ALGORITHMS.map(algorithm => ({
  algorithm,
  length: CHECKSUM_LENGTH[algorithm],
  digest: DIGESTS[algorithm],
}))

export const checksumDigest = (algorithm: ChecksumAlgorithm): ChecksumDigest => DIGESTS[algorithm]()

/** The checksum of checksums that S3 calls composite: the parts' values, one after the other, digested again. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly ChecksummedPart[]): Checksum {
  const digest = checksumDigest(algorithm)
  for (const part of parts) digest.update(part.value)
  return { algorithm, type: 'COMPOSITE', value: digest.digest() }
}

/**
 * The checksum of the whole, from its parts' alone.
 * @throws RangeError for hashes, which cannot be combined
 */
export function fullObjectChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly ChecksummedPart[],
): Checksum {
  const crc = CRCS[algorithm]
  if (!crc) throw new RangeError(`${algorithm} values of parts cannot be combined`)
  return { algorithm, type: 'FULL_OBJECT', value: crc.combine(parts) }
}
