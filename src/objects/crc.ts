import { crc32, crc32c } from '@node-rs/crc32'
import { createCRC64 } from 'hash-wasm'
import { folding } from './crc-fold.ts'
import { type ChecksumDigest, sharing } from './wasm-digest.ts'

/** A part as far as the checksum of the whole needs it. */
export interface ChecksummedPart {
  /** Plaintext bytes. */
  readonly length: number
  readonly value: Uint8Array
}

/** A reflected CRC whose register starts and ends inverted, as all three of S3 are. */
export interface Crc {
  digest(): ChecksumDigest
  /** The CRC of the parts one behind the other. */
  combine(parts: readonly ChecksummedPart[]): Uint8Array
}

function crc32Family(update: (bytes: Uint8Array, crc: number) => number, polynomial: bigint): Crc {
  return {
    digest() {
      let crc = 0
      return {
        update(bytes) {
          crc = update(bytes, crc)
        },
        digest: () => bigEndian(BigInt(crc), 4),
      }
    },
    combine: parts => bigEndian(combined(parts, polynomial, 32), 4),
  }
}

/** CRC-32/ISO-HDLC. Polynomials are written reflected. */
export const CRC32 = crc32Family(crc32, 0xedb88320n)

const ISCSI = crc32Family(crc32c, 0x82f63b78n)

/** CRC-32/ISCSI. The distances, and those below, were found by search; the tests hold them to what they must be. */
export const CRC32C: Crc = { ...ISCSI, digest: folding(ISCSI.digest, [1747, 2830, 5321]) }

const NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n

/** CRC-64/NVME of NVM Express (NVM Command Set Specification 5.2.1.3.4), check value `ae8b14860a799888`. */
export const CRC64NVME: Crc = {
  digest: folding(
    sharing(await createCRC64(NVME_POLYNOMIAL.toString(16))),
    [1402, 1485, 1821, 2085, 2163, 2393, 3034, 3221],
  ),
  combine: parts => bigEndian(combined(parts, NVME_POLYNOMIAL, 64), 8),
}

/**
 * crc(A‖B) = crc(A)·x^(8·|B|) + crc(B) over GF(2): the inversions at both ends cancel out. The same way as
 * zlib's `crc32_combine`, whose source explains it.
 */
function combined(parts: readonly ChecksummedPart[], polynomial: bigint, width: number): bigint {
  let crc = 0n
  let length = 0
  let shift = 1n << BigInt(width - 1)
  for (const part of parts) {
    if (part.length !== length) {
      length = part.length
      shift = powerOfX(8n * BigInt(length), polynomial, width)
    }
    crc = multiplied(shift, crc, polynomial, width) ^ unsigned(part.value)
  }
  return crc
}

/** x^n modulo the polynomial, by squaring. */
function powerOfX(n: bigint, polynomial: bigint, width: number): bigint {
  let power = 1n << BigInt(width - 1)
  let square = power >> 1n
  for (let rest = n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = multiplied(power, square, polynomial, width)
    square = multiplied(square, square, polynomial, width)
  }
  return power
}

/** a·b modulo the polynomial. Reflected: the highest bit is x^0. */
function multiplied(a: bigint, b: bigint, polynomial: bigint, width: number): bigint {
  let product = 0n
  let shifted = b
  for (let bit = 1n << BigInt(width - 1); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}

function bigEndian(value: bigint, length: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')
}

function unsigned(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`)
}
