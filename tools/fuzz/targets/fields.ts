import { S3Error } from '../../../src/front/s3/errors.ts'
import { deleteConditions, readConditions, writeConditions } from '../../../src/front/s3/forms/conditions.ts'
import { readRequestHeaders } from '../../../src/front/s3/forms/cors.ts'
import { readDigests } from '../../../src/front/s3/forms/digests.ts'
import { checkEncryption } from '../../../src/front/s3/forms/encryption.ts'
import { checkLock } from '../../../src/front/s3/forms/lock.ts'
import { readCount, readLimit, readPartNumber } from '../../../src/front/s3/forms/numbers.ts'
import { readObjectHeaders, readSettings } from '../../../src/front/s3/forms/object-headers.ts'
import { readCopyRange, readRange } from '../../../src/front/s3/forms/range.ts'
import { httpDate, readHttpDate } from '../../../src/front/s3/forms/times.ts'
import { CHECKSUM_LENGTH } from '../../../src/objects/checksum.ts'
import { RequestRefused } from '../../../src/wire/errors.ts'
import type { Headers } from '../../../src/wire/exchange.ts'
import { endOfHead, readRequestHead } from '../../../src/wire/head.ts'
import { holds, refusing, type Target } from '../target.ts'

/** The fields of a request, each read by all that read fields. */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 4096, run })

const SEEDS = [
  'range: bytes=0-99\r\nif-match: "a"\r\nif-none-match: *\r\n',
  'range: bytes=-5\r\nif-modified-since: Tue, 24 Nov 2026 08:00:00 GMT\r\nif-unmodified-since: Tuesday, 24-Nov-26 08:00:00 GMT\r\n',
  'range: bytes=5-\r\nif-modified-since: Tue Nov 24 08:00:00 2026\r\nif-none-match: W/"x"\r\n',
  'content-md5: 1B2M2Y8AsgTpgAmY7PhCfg==\r\nx-amz-checksum-crc32: AAAAAA==\r\nx-amz-sdk-checksum-algorithm: CRC32\r\n',
  'x-amz-trailer: x-amz-checksum-sha256\r\nx-amz-sdk-checksum-algorithm: SHA256\r\nx-amz-checksum-type: FULL_OBJECT\r\n',
  'x-amz-object-lock-mode: GOVERNANCE\r\nx-amz-object-lock-retain-until-date: 2999-01-01T00:00:00Z\r\nx-amz-object-lock-legal-hold: ON\r\n',
  'x-amz-tagging: a=b&c=d%20e\r\nx-amz-meta-a: b\r\nx-amz-meta-a: c\r\ncontent-encoding: aws-chunked,gzip\r\ncontent-type: text/plain\r\n',
  'x-amz-copy-source-range: bytes=0-9\r\nx-amz-copy-source-if-match: a\r\nx-amz-if-match-size: 5\r\nx-amz-bypass-governance-retention: true\r\n',
  'x-amz-server-side-encryption: AES256\r\nx-amz-server-side-encryption-customer-algorithm: AES256\r\nx-amz-website-redirect-location: /x\r\n',
  'access-control-request-headers: x-a, content-type\r\nexpires: 0\r\ncache-control: no-store\r\n',
]
const WORDS = [
  ...SEEDS.flatMap(seed => seed.split('\r\n')).map(line => `${line}\r\n`),
  'bytes=',
  '-',
  ',',
  '"',
  'W/',
  '*',
  'x-amz-meta-',
  'x-amz-checksum-',
  'sha1',
  'crc64nvme',
  'xxhash3',
  'AAAA',
  '=',
  '==',
  'GMT',
  '+0000',
  '2026-02-30T00:00:00Z',
  '00000000000000000000',
]
const HEAD = 'PUT / HTTP/1.1\r\nhost: h\r\n'
const NOW = new Date('2026-11-24T08:00:00Z')

function run(input: Buffer): void {
  const bytes = Buffer.concat([Buffer.from(HEAD), input, Buffer.from('\r\n')])
  const end = endOfHead(bytes, 0, bytes.length)
  if (typeof end !== 'number') return
  const head = refusing(RequestRefused, () => readRequestHead(bytes, end))
  if (head === undefined) return
  const { headers } = head
  readRanges(headers)
  const conditions = refusing(S3Error, () => readConditions(headers))
  for (const date of [conditions?.ifModifiedSince, conditions?.ifUnmodifiedSince])
    if (date !== undefined) holds(!Number.isNaN(date.getTime()), 'a date that is none')
  refusing(S3Error, () => readConditions(headers, 'x-amz-copy-source-'))
  refusing(S3Error, () => writeConditions(headers))
  refusing(S3Error, () => deleteConditions(headers))
  const digests = refusing(S3Error, () => readDigests(headers))
  if (digests?.md5) holds(digests.md5.length === 16, 'an MD5 of another length')
  if (digests?.checksum)
    holds(
      digests.checksum.value.length === CHECKSUM_LENGTH[digests.checksum.algorithm],
      'a checksum of another length',
    )
  refusing(S3Error, () => checkLock(headers, NOW))
  refusing(S3Error, () => checkEncryption(headers))
  refusing(S3Error, () => readObjectHeaders(headers))
  refusing(S3Error, () => readSettings(headers))
  refusing(S3Error, () => readRequestHeaders(headers.get('access-control-request-headers')))
  for (const [, value] of headers.pairs) readValue(value)
}

function readRanges(headers: Headers): void {
  const range = readRange(headers.get('range'))
  if (range !== undefined)
    for (const bound of Object.values(range))
      holds(Number.isSafeInteger(bound) && bound >= 0, 'a bound that is no number')
  if (range !== undefined && 'first' in range && range.last !== undefined)
    holds(range.first <= range.last, 'a range that ends before it begins')
  const copied = refusing(S3Error, () => readCopyRange(headers.get('x-amz-copy-source-range')))
  if (copied)
    holds(
      copied.first <= copied.last && Number.isSafeInteger(copied.last),
      'a range that ends before it begins',
    )
}

function readValue(value: string): void {
  const date = readHttpDate(value)
  if (date !== undefined && date.getUTCFullYear() >= 0 && date.getUTCFullYear() <= 9999)
    holds(httpDate(date).length === 29, `the date ${httpDate(date)}`)
  const number = refusing(S3Error, () => readPartNumber(value))
  if (number !== undefined) holds(number >= 1 && number <= 10_000, `part number ${number}`)
  const limit = refusing(S3Error, () => readLimit('max-keys', value))
  if (limit !== undefined) holds(Number.isSafeInteger(limit) && limit >= 0, `limit ${limit}`)
  const count = readCount(value)
  if (count !== undefined) holds(Number.isSafeInteger(count), `count ${count}`)
}
