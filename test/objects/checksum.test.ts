import { createHash } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_LENGTH,
  type ChecksumAlgorithm,
  checksumDigest,
  compositeChecksum,
  fullObjectChecksum,
} from '../../src/objects/checksum.ts'

const digestOf = (algorithm: ChecksumAlgorithm, ...pieces: readonly Uint8Array[]) => {
  const digest = checksumDigest(algorithm)
  for (const piece of pieces) digest.update(piece)
  return Buffer.from(digest.digest())
}

/** The catalogue of parametrised CRC algorithms (Greg Cook) and FIPS 180-4 for "123456789". */
const CHECK_VALUES: Partial<Record<ChecksumAlgorithm, string>> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
  SHA512:
    'd9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85',
  MD5: '25f9e794323b453885f5181f1b624d0b',
  XXHASH64: '8cb841db40e6ae83',
}

test.each(Object.entries(CHECK_VALUES))('%s gives the published check value', (name, expected) => {
  const algorithm = name as ChecksumAlgorithm
  const value = digestOf(algorithm, Buffer.from('123456789'))
  expect(value.toString('hex')).toBe(expected)
  expect(value.length).toBe(CHECKSUM_LENGTH[algorithm])
})

/** What versitygw's suite expects for "abcdefg" (tests/integration/unsigned_streaming_payload_trailer.go). */
test.each<[ChecksumAlgorithm, string]>([
  ['CRC32', 'MSpqpg=='],
  ['CRC32C', '5if0QQ=='],
  ['CRC64NVME', 'SmzZ/LTp1CA='],
  ['SHA1', 'L7XhNBn8iSRoZeejJPR27GJOh0A='],
  ['SHA256', 'fRpUEnsiJQL1t5tfsIAwYRUqRPkrN+I8ZSe69mXU2po='],
  ['SHA512', '1xakGIVptoqxtt+sF45XARTN8Oo6HMDjFIbD5BJBvGp2Qk6MN6sm8Jb8he+YhsjLY0GH9P3f9kX7CZ8f9UxrjA=='],
  ['MD5', 'esZsDxSN6VGbi9JkMSxNZA=='],
  ['XXHASH64', 'GGCUDikCgi0='],
  ['XXHASH3', 'WkDcP9RMBS8='],
  ['XXHASH128', 'Kq/YOGmlnDE/55jA7aptxg=='],
])('%s gives the value that another implementation gives', (algorithm, value) => {
  const digest = digestOf(algorithm, Buffer.from('abcdefg'))
  expect(digest.toString('base64')).toBe(value)
  expect(digest.length).toBe(CHECKSUM_LENGTH[algorithm])
})

test('any way of cutting the bytes gives the same value, with digests taking turns', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...CHECKSUM_ALGORITHMS),
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      (algorithm, pieces) => {
        const other = checksumDigest(algorithm)
        const digest = checksumDigest(algorithm)
        for (const piece of pieces) {
          digest.update(piece)
          other.update(Buffer.from('in between'))
        }
        const whole = Buffer.concat(pieces)
        expect(Buffer.from(digest.digest())).toEqual(digestOf(algorithm, whole))
        expect(Buffer.from(other.digest())).toEqual(
          digestOf(algorithm, Buffer.from('in between'.repeat(pieces.length))),
        )
      },
    ),
  )
})

test('CRCs of parts combine to the CRC of the whole', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('CRC32', 'CRC32C', 'CRC64NVME'),
      fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 6 }),
      (algorithm, parts) => {
        const combined = fullObjectChecksum(
          algorithm,
          parts.map(part => ({ length: part.length, value: digestOf(algorithm, part) })),
        )
        expect(combined.type).toBe('FULL_OBJECT')
        expect(Buffer.from(combined.value)).toEqual(digestOf(algorithm, Buffer.concat(parts)))
      },
    ),
  )
})

test('a CRC32 combines over 8 GiB as zlib says', () => {
  // 8 GiB of zeros by doubling, each step checked against the combination of its halves up to 1 MiB.
  const zeros = (length: number) => zlibCrc32(Buffer.alloc(length))
  const value = (crc: number) => Buffer.from(crc.toString(16).padStart(8, '0'), 'hex')
  let length = 1
  let crc = value(zeros(1))
  while (length < 5 * 2 ** 30) {
    crc = Buffer.from(
      fullObjectChecksum('CRC32', [
        { length, value: crc },
        { length, value: crc },
      ]).value,
    )
    length *= 2
    if (length <= 1 << 20) expect(crc).toEqual(value(zeros(length)))
  }
  // Python: zlib.crc32 over 8 GiB of zeros, in pieces.
  expect(crc.toString('hex')).toBe('41d912ff')
})

test('a composite checksum digests the values of the parts', () => {
  const parts = ['one', 'two'].map(text => Buffer.from(text))
  const values = parts.map(part => createHash('sha256').update(part).digest())
  const composite = compositeChecksum(
    'SHA256',
    parts.map((part, i) => ({ length: part.length, value: values[i]! })),
  )
  expect(Buffer.from(composite.value)).toEqual(createHash('sha256').update(Buffer.concat(values)).digest())
  expect(composite.type).toBe('COMPOSITE')
})

test('hashes of parts are refused for a full-object checksum', () => {
  expect(() => fullObjectChecksum('SHA256', [{ length: 1, value: new Uint8Array(32) }])).toThrow(RangeError)
})
