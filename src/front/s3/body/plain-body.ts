import { createHash, timingSafeEqual } from 'node:crypto'
import { type Checksum, type ChecksumAlgorithm, checksumDigest } from '../../../objects/checksum.ts'
import type { PlainBody } from '../../../objects/object.ts'
import type { Body, Sink, UnsizedBody } from '../../../wire/body.ts'
import type { Headers } from '../../../wire/exchange.ts'
import { watched } from '../../../wire/sinks.ts'
import type { Authenticated } from '../auth/authenticate.ts'
import { S3Error } from '../errors.ts'
import {
  checksumHeader,
  type DeclaredDigests,
  invalidValue,
  readChecksumValue,
  readDigests,
} from '../forms/digests.ts'
import { readCount } from '../forms/numbers.ts'
import { AwsChunkedBody } from './aws-chunked.ts'

/**
 * The body of a request without its transfer coding, which resolves only when all that was promised about it
 * is true: chunk signatures, lengths, Content-MD5, checksum, `x-amz-content-sha256`.
 *
 * @throws S3Error for promises that cannot be kept
 */
export function plainBody(
  body: Body | UnsizedBody,
  headers: Headers,
  { payload, chunks }: Authenticated,
): PlainBody {
  const declared = readDigests(headers)
  if (payload.kind !== 'chunked') {
    // In HTTP's own chunks, with nothing that says how much they hold.
    if (body.length === undefined) throw new S3Error('MissingContentLength')
    if (declared.trailer) throw new S3Error('MalformedTrailerError')
    return new VerifiedBody(body, checksOf(declared, payload.kind === 'digest' ? payload.sha256 : undefined))
  }
  const length = readCount(headers.get('x-amz-decoded-content-length'))
  if (length === undefined) throw new S3Error('MissingContentLength')
  const { trailer } = declared
  if (trailer && !payload.trailer) throw new S3Error('MalformedTrailerError')
  const decoded = new AwsChunkedBody(body, {
    length,
    ...(payload.signed && chunks && { signing: chunks }),
    ...(trailer && { trailer: checksumHeader(trailer) }),
  })
  const checks = checksOf(declared, undefined)
  if (trailer) checks.push(trailingChecksum(trailer, decoded))
  return new VerifiedBody(decoded, checks)
}

/** One digest to compute as the bytes pass, and what it must be. */
interface Check {
  readonly digest: { update(bytes: Uint8Array): unknown; digest(): Uint8Array }
  readonly checksum?: ChecksumAlgorithm
  /** The value that was promised; a trailer's is known at the end only. */
  promised(): Uint8Array
  broken(computed: Uint8Array): S3Error
}

function checksOf({ md5, checksum }: DeclaredDigests, sha256: Uint8Array | undefined): Check[] {
  const checks: Check[] = []
  if (md5)
    checks.push({
      digest: createHash('md5'),
      promised: () => md5,
      broken: computed =>
        new S3Error('BadDigest', undefined, {
          // The one in base64, the other in hex, as S3 has it.
          details: { CalculatedDigest: base64(computed), ExpectedDigest: hex(md5) },
        }),
    })
  if (sha256)
    checks.push({
      digest: createHash('sha256'),
      promised: () => sha256,
      broken: computed =>
        new S3Error('XAmzContentSHA256Mismatch', undefined, {
          details: {
            ClientComputedContentSHA256: hex(sha256),
            S3ComputedContentSHA256: hex(computed),
          },
        }),
    })
  if (checksum) checks.push(checksumCheck(checksum.algorithm, () => checksum.value))
  return checks
}

const checksumCheck = (algorithm: ChecksumAlgorithm, promised: () => Uint8Array): Check => ({
  digest: checksumDigest(algorithm),
  checksum: algorithm,
  promised,
  broken: () =>
    new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`),
})

function trailingChecksum(algorithm: ChecksumAlgorithm, body: AwsChunkedBody): Check {
  return checksumCheck(algorithm, () => {
    const value = readChecksumValue(algorithm, body.trailerValue ?? '')
    if (!value) throw invalidValue(`${checksumHeader(algorithm)} trailing header`)
    return value
  })
}

class VerifiedBody implements PlainBody {
  readonly length: number
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined
  readonly #source: Body
  readonly #checks: readonly Check[]
  #checksum: Checksum | undefined

  constructor(source: Body, checks: readonly Check[]) {
    this.length = source.length
    this.#source = source
    this.#checks = checks
    this.checksumAlgorithm = checks.find(check => check.checksum)?.checksum
  }

  async readInto(sink: Sink): Promise<void> {
    await this.#source.readInto(
      this.#checks.length === 0 ? sink : watched(sink, bytes => this.#digest(bytes)),
    )
    for (const check of this.#checks) {
      const promised = check.promised()
      const computed = check.digest.digest()
      if (!timingSafeEqual(computed, promised)) throw check.broken(computed)
      if (check.checksum) this.#checksum = { algorithm: check.checksum, type: 'FULL_OBJECT', value: computed }
    }
  }

  checksum(): Checksum | undefined {
    return this.#checksum
  }

  #digest(bytes: Uint8Array): void {
    for (const check of this.#checks) check.digest.update(bytes)
  }

  discard(): void {
    this.#source.discard()
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
