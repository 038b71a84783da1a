import { CHECKSUM_ALGORITHMS, CHECKSUM_LENGTH, type ChecksumAlgorithm } from '../../../objects/checksum.ts'
import type { Headers } from '../../../wire/exchange.ts'
import { S3Error } from '../errors.ts'

/** What a request says its body's digests are. */
export interface DeclaredDigests {
  readonly md5?: Uint8Array
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: Uint8Array }
  /** The checksum comes behind the body. */
  readonly trailer?: ChecksumAlgorithm
}

const PREFIX = 'x-amz-checksum-'
/** Not values: they say what kind of checksum is meant. */
const NOT_VALUES = new Set([`${PREFIX}type`, `${PREFIX}algorithm`, `${PREFIX}mode`])

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => PREFIX + algorithm.toLowerCase()

/** @throws S3Error InvalidRequest */
export function readChecksumAlgorithm(value: string): ChecksumAlgorithm {
  const algorithm = value.toUpperCase()
  if (isAlgorithm(algorithm)) return algorithm
  throw new S3Error(
    'InvalidRequest',
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]',
  )
}

const isAlgorithm = (name: string): name is ChecksumAlgorithm =>
  (CHECKSUM_ALGORITHMS as readonly string[]).includes(name)

/**
 * Reads Content-MD5, `x-amz-checksum-*`, `x-amz-trailer` and `x-amz-sdk-checksum-algorithm`, which must agree.
 * @throws S3Error InvalidDigest, InvalidRequest
 */
export function readDigests(headers: Headers): DeclaredDigests {
  const md5 = readContentMd5(headers.get('content-md5'))
  const checksum = readChecksum(headers)
  const trailer = readTrailer(headers.get('x-amz-trailer'))
  if (checksum && trailer) throw multiple()
  const sdk = headers.get('x-amz-sdk-checksum-algorithm')
  if (sdk) {
    const announced = readChecksumAlgorithm(sdk)
    const sent = trailer ?? checksum?.algorithm
    if (!sent)
      throw new S3Error(
        'InvalidRequest',
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
      )
    if (sent !== announced) throw invalidValue('x-amz-sdk-checksum-algorithm header')
  }
  return { ...(md5 && { md5 }), ...(checksum && { checksum }), ...(trailer && { trailer }) }
}

/** The one `x-amz-checksum-*` field of a request, its value as text. */
export function readChecksumField(
  headers: Headers,
): { readonly algorithm: ChecksumAlgorithm; readonly text: string } | undefined {
  const fields = headers.pairs.filter(([name]) => name.startsWith(PREFIX) && !NOT_VALUES.has(name))
  if (fields.length > 1) throw multiple()
  const [field] = fields
  if (!field) return undefined
  const name = field[0].slice(PREFIX.length).toUpperCase()
  if (!isAlgorithm(name))
    throw new S3Error(
      'InvalidRequest',
      'The algorithm type you specified in x-amz-checksum- header is invalid.',
    )
  return { algorithm: name, text: field[1] }
}

function readChecksum(headers: Headers): DeclaredDigests['checksum'] {
  const field = readChecksumField(headers)
  if (!field) return undefined
  const value = readChecksumValue(field.algorithm, field.text)
  if (!value) throw invalidValue(`${checksumHeader(field.algorithm)} header`)
  return { algorithm: field.algorithm, value }
}

/** A checksum's value from base64; undefined where it is not one of this algorithm. */
export function readChecksumValue(algorithm: ChecksumAlgorithm, text: string): Uint8Array | undefined {
  return fromBase64(text, CHECKSUM_LENGTH[algorithm])
}

function readTrailer(value: string | undefined): ChecksumAlgorithm | undefined {
  if (value === undefined || value === '') return undefined
  const name = value.toLowerCase()
  const algorithm = name.slice(PREFIX.length).toUpperCase()
  if (!name.startsWith(PREFIX) || !isAlgorithm(algorithm))
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
  return algorithm
}

function readContentMd5(value: string | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined
  const md5 = fromBase64(value, 16)
  if (!md5) throw new S3Error('InvalidDigest', undefined, { details: { 'Content-MD5': value } })
  return md5
}

function fromBase64(text: string, length: number): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === length ? bytes : undefined
}

/** @param what the field that holds it */
export const invalidValue = (what: string) => new S3Error('InvalidRequest', `Value for ${what} is invalid.`)

const multiple = () =>
  new S3Error(
    'InvalidRequest',
    'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  )
