import { checksumCodes, checksumKind, MAX_CHECKSUM, type SealedChecksum } from './checksum-codes.ts'
import type { Dek } from './dek.ts'
import { DoesNotOpen } from './errors.ts'
import { SUMMARY } from './lengths.ts'
import { readUint64, writeUint64 } from './uint64.ts'
import { XAES_NONCE, XAES_TAG } from './xaes.ts'

/** What the last 256 bytes of every object that is not empty say of the whole. */
export interface Summary {
  /** Rows of the table; 0 for a single part, which has none. */
  readonly parts: number
  /** Plaintext bytes. */
  readonly size: number
  /** SHA-256 of the sealed table; 32 zeros where there is none. */
  readonly tableHash: Uint8Array
  readonly checksum?: SealedChecksum
  /** MD5 of the plaintext, where it was computed: 16 bytes. */
  readonly md5?: Uint8Array
}

/** @param nonce 24 random bytes */
export function sealSummary(dek: Dek, summary: Summary, nonce: Uint8Array): Uint8Array {
  const plain = Buffer.alloc(SUMMARY - XAES_NONCE - XAES_TAG)
  plain.writeUInt32BE(summary.parts, 0)
  writeUint64(plain, summary.size, SIZE_AT)
  plain.set(summary.tableHash, TABLE_HASH_AT)
  plain.set(checksumCodes(summary.checksum), CHECKSUM_AT)
  if (summary.checksum !== undefined) {
    const { value } = summary.checksum
    if (value.length > MAX_CHECKSUM) throw new RangeError(`a checksum holds ${MAX_CHECKSUM} bytes at most`)
    plain[VALUE_LENGTH_AT] = value.length
    plain.set(value, VALUE_AT)
  }
  if (summary.md5 !== undefined) {
    plain[MD5_FLAG_AT] = 1
    plain.set(summary.md5, MD5_AT)
  }
  return Buffer.concat([nonce, dek.summaryKey().seal(nonce, plain, NOTHING)])
}

/**
 * @param sealed 256 bytes
 * @throws DoesNotOpen
 */
export function openSummary(dek: Dek, sealed: Uint8Array): Summary {
  if (sealed.length !== SUMMARY) throw new DoesNotOpen()
  const nonce = sealed.subarray(0, XAES_NONCE)
  const plain = Buffer.from(dek.summaryKey().open(nonce, sealed.subarray(XAES_NONCE), NOTHING))
  const kind = checksumKind(plain[CHECKSUM_AT]!, plain[CHECKSUM_AT + 1]!)
  const length = plain[VALUE_LENGTH_AT]!
  const hasMd5 = plain[MD5_FLAG_AT]!
  if (kind === null || length > MAX_CHECKSUM || hasMd5 > 1 || plain.subarray(END).some(byte => byte !== 0)) {
    throw new DoesNotOpen()
  }
  return {
    parts: plain.readUInt32BE(0),
    size: readUint64(plain, SIZE_AT),
    tableHash: plain.subarray(TABLE_HASH_AT, CHECKSUM_AT),
    ...(kind && { checksum: { ...kind, value: plain.subarray(VALUE_AT, VALUE_AT + length) } }),
    ...(hasMd5 === 1 && { md5: plain.subarray(MD5_AT, END) }),
  }
}

/** The summary's key is used for nothing else. */
const NOTHING = new Uint8Array(0)

const SIZE_AT = 4
const TABLE_HASH_AT = 12
const CHECKSUM_AT = 44
const VALUE_LENGTH_AT = 46
const VALUE_AT = 47
const MD5_FLAG_AT = VALUE_AT + MAX_CHECKSUM
const MD5_AT = MD5_FLAG_AT + 1
const END = MD5_AT + 16
