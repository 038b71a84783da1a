/** The checksums that a sealed object may carry, and their codes in the format. Structurally the objects room's. */
const CHECKSUM_CODE = {
  CRC32: 1,
  CRC32C: 2,
  CRC64NVME: 3,
  SHA1: 4,
  SHA256: 5,
  SHA512: 6,
  MD5: 7,
  XXHASH64: 8,
  XXHASH3: 9,
  XXHASH128: 10,
} as const
const CHECKSUM_TYPE_CODE = { FULL_OBJECT: 1, COMPOSITE: 2 } as const

type ChecksumAlgorithm = keyof typeof CHECKSUM_CODE
type ChecksumType = keyof typeof CHECKSUM_TYPE_CODE

/** Which checksum an object carries; its value stands in the summary. */
export interface ChecksumKind {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
}

export interface SealedChecksum extends ChecksumKind {
  /** At most 64 bytes. */
  readonly value: Uint8Array
}

export const MAX_CHECKSUM = 64

/** Two bytes: algorithm and type, both 0 where there is none. */
export const checksumCodes = (kind: ChecksumKind | undefined): readonly [number, number] =>
  kind === undefined ? [0, 0] : [CHECKSUM_CODE[kind.algorithm], CHECKSUM_TYPE_CODE[kind.type]]

/** `null` for codes that version 1 does not know. */
export function checksumKind(algorithm: number, type: number): ChecksumKind | undefined | null {
  if (algorithm === 0 && type === 0) return undefined
  const named = keyOf(CHECKSUM_CODE, algorithm)
  const typed = keyOf(CHECKSUM_TYPE_CODE, type)
  return named === undefined || typed === undefined ? null : { algorithm: named, type: typed }
}

function keyOf<T extends Readonly<Record<string, number>>>(codes: T, code: number): keyof T | undefined {
  return Object.keys(codes).find(key => codes[key] === code)
}
