import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChunkSigning } from '../../../src/front/s3/auth/authenticate.ts'
import type { PayloadForm } from '../../../src/front/s3/auth/payload.ts'
import { signingKey } from '../../../src/front/s3/auth/signature.ts'
import { plainBody } from '../../../src/front/s3/body/plain-body.ts'
import { readSmallBody } from '../../../src/front/s3/body/small-body.ts'
import { checksumDigest } from '../../../src/objects/checksum.ts'
import { bodyOf, EXAMPLE_KEY, headersOf, hmac, refusal, sha256, taken } from './harness.ts'

const SIGNED: PayloadForm = { kind: 'chunked', signed: true, trailer: false }
const SIGNED_TRAILER: PayloadForm = { kind: 'chunked', signed: true, trailer: true }
const UNSIGNED_TRAILER: PayloadForm = { kind: 'chunked', signed: false, trailer: true }

const signing = (seed: string): ChunkSigning => ({
  signingKey: signingKey(EXAMPLE_KEY.secret, {
    accessKeyId: EXAMPLE_KEY.id,
    day: '20130524',
    region: 'us-east-1',
    service: 's3',
  }),
  time: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
  seed,
})

function received(
  bytes: Uint8Array | string,
  payload: PayloadForm,
  headers: readonly (readonly [string, string])[],
  { chunks, pieces }: { chunks?: ChunkSigning; pieces?: readonly number[] } = {},
) {
  const octets = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  return plainBody(bodyOf(octets, pieces), headersOf(headers), {
    identity: EXAMPLE_KEY,
    payload,
    ...(chunks && { chunks }),
  })
}

const decodedLength = (length: number) => ['x-amz-decoded-content-length', String(length)] as const
const chunk = (size: number, signature: string) =>
  `${size.toString(16)};chunk-signature=${signature}\r\n${size > 0 ? `${'a'.repeat(size)}\r\n` : ''}`

/** "Transferring Payload in Multiple Chunks (Chunked Upload)", Amazon S3 API Reference: 65 KiB of `a`. */
const PUBLISHED_CHUNKS = {
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  body: `${chunk(65536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648')}${chunk(1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497')}${chunk(0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9')}\r\n`,
}
/** "… Signature Calculations for the Authorization Header: Including Trailing Headers (Chunked Upload)". */
const PUBLISHED_TRAILER = {
  seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: `${chunk(65536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2')}${chunk(1024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7')}${chunk(0, '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992')}`,
  trailer: 'x-amz-checksum-crc32c:sOO8/Q==',
  signature: 'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
}
const PUBLISHED_DATA = Buffer.from('a'.repeat(66560))

describe("AWS's published chunks", () => {
  const chunks = signing(PUBLISHED_CHUNKS.seed)
  const headers = [decodedLength(66560)]

  test.each([[[100_000]], [[1]], [[7, 65536, 3]], [[65535, 90]]])('decode in pieces of %j', async pieces => {
    const body = received(PUBLISHED_CHUNKS.body, SIGNED, headers, { chunks, pieces })
    expect(body.length).toBe(66560)
    expect((await taken(body, 4096)).equals(PUBLISHED_DATA)).toBe(true)
  })

  test('with any bit changed are refused', async () => {
    const bytes = Buffer.from(PUBLISHED_CHUNKS.body, 'latin1')
    for (const at of [0, 3, 25, 84, 90, 1000, 65625, 65630, 65730, 66000, 66800, bytes.length - 1]) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      const code = await refusal(() => taken(received(changed, SIGNED, headers, { chunks }), 4096))
      expect(['SignatureDoesNotMatch', 'IncompleteBody']).toContain(code)
    }
  })

  test('in another order, doubled or left out are refused', async () => {
    const [first = '', second = '', last = ''] = PUBLISHED_CHUNKS.body.split(/(?<=a\r\n)/)
    for (const body of [second + first + last, first + first + last, first + last, first + second])
      expect(['SignatureDoesNotMatch', 'IncompleteBody', 'InvalidChunkSizeError']).toContain(
        await refusal(() => taken(received(body, SIGNED, headers, { chunks }), 4096)),
      )
  })
})

describe("AWS's published trailer", () => {
  const chunks = signing(PUBLISHED_TRAILER.seed)
  const headers = [decodedLength(66560), ['x-amz-trailer', 'x-amz-checksum-crc32c']] as const
  const { trailer, signature } = PUBLISHED_TRAILER
  const receive = (tail: string, pieces?: readonly number[]) =>
    received(PUBLISHED_TRAILER.chunks + tail, SIGNED_TRAILER, headers, { chunks, ...(pieces && { pieces }) })

  test.each([[undefined], [[1]]])('is verified, and so is its checksum (pieces of %j)', async pieces => {
    const body = receive(`${trailer}\r\n${signature}\r\n\r\n`, pieces)
    expect((await taken(body, 4096)).equals(PUBLISHED_DATA)).toBe(true)
    expect(body.checksum()).toEqual({
      algorithm: 'CRC32C',
      type: 'FULL_OBJECT',
      value: Buffer.from('sOO8/Q==', 'base64'),
    })
  })

  test('may end with the line feed that minio-go sends', async () => {
    expect(await taken(receive(`${trailer}\n\r\n${signature}\r\n\r\n`), 4096)).toHaveLength(66560)
  })

  test.each<[string, string, string]>([
    ['another value', `${trailer.replace('sOO8', 'sOO9')}\r\n${signature}\r\n\r\n`, 'SignatureDoesNotMatch'],
    [
      'another signature',
      `${trailer}\r\n${signature.replace('d81f', 'd81e')}\r\n\r\n`,
      'SignatureDoesNotMatch',
    ],
    ['another name', `x-amz-checksum-crc32:sOO8/Q==\r\n${signature}\r\n\r\n`, 'MalformedTrailerError'],
    ['no trailer', '\r\n', 'MalformedTrailerError'],
    ['no signature', `${trailer}\r\n\r\n`, 'IncompleteBody'],
    ['no end', `${trailer}\r\n${signature}\r\n`, 'IncompleteBody'],
    ['something behind its end', `${trailer}\r\n${signature}\r\n\r\nx`, 'IncompleteBody'],
    ['a line without end', 'x'.repeat(10_000), 'IncompleteBody'],
  ])('with %s is refused', async (_, tail, code) => {
    expect(await refusal(() => taken(receive(tail), 4096))).toBe(code)
  })
})

/** Cases and codes as in versitygw's tests/integration/unsigned_streaming_payload_trailer.go. */
describe('an unsigned trailer', () => {
  const crc64 = 'x-amz-checksum-crc64nvme'
  test.each<[string, number, string | undefined, string]>([
    ['5\r\nhello\r\n0\r\n\r\n', 5, crc64, 'MalformedTrailerError'],
    ['5\r\nhello\r\n0\r\n:M3eFcAZSQlc=\r\n\r\n', 5, crc64, 'MalformedTrailerError'],
    [`5\r\nhello\r\n0\r\n${crc64}:M3eFcAZSQlc=\r\n\r\n`, 5, undefined, 'MalformedTrailerError'],
    ['5\r\nhello\r\n0\r\ninvalid_trailer:M3eFcAZSQlc=\r\n\r\n', 5, crc64, 'MalformedTrailerError'],
    [`5\r\nhello\r\n0\r\n${crc64}:invalid_checksum\r\n\r\n`, 5, crc64, 'InvalidRequest'],
    [`5\r\nhello\r\n0\r\n${crc64}:QFRKMGE3tuw=\r\n\r\n`, 5, crc64, 'BadDigest'],
    ['A\ndummy data\r\n0\r\n\r\n', 10, crc64, 'IncompleteBody'],
    ['A\r\ndummy data0\r\n\r\n', 10, crc64, 'IncompleteBody'],
    ['A\r\nXYZ\r\ndummy data\r\n0\r\n\r\n', 10, crc64, 'IncompleteBody'],
    ['B\r\ndummy data\r\n0\r\n\r\n', 10, crc64, 'IncompleteBody'],
    ['A\r\ndummy data\r\n0\r\n', 10, crc64, 'IncompleteBody'],
    [`A\r\ndummy data\r\n0\r\n${crc64}:dPVWc2vU1+Q=\r\n`, 10, crc64, 'IncompleteBody'],
    ['A\r\n', 10, crc64, 'IncompleteBody'],
    ['A\r\nA\r\ndummy data\r\n0\r\n\r\n', 10, crc64, 'IncompleteBody'],
    [`invalid_chunk_size\r\ndummy data\r\n0\r\n${crc64}:dPVWc2vU1+Q=\r\n\r\n`, 10, crc64, 'IncompleteBody'],
    [`A\r\ndummy data\r\nJ\r\n${crc64}:dPVWc2vU1+Q=\r\n\r\n`, 10, crc64, 'IncompleteBody'],
    ['b\r\nabcdefghijk\r\n0\r\n\r\n', 5, undefined, 'IncompleteBody'],
    ['b\r\nabcdefghijk\r\n0\r\n\r\n', 200, undefined, 'IncompleteBody'],
    ['-1\r\n', 10, undefined, 'IncompleteBody'],
    ['ffffffffffffffff\r\n', 10, undefined, 'IncompleteBody'],
    ['0\r\n\r\n', 10, undefined, 'IncompleteBody'],
    ['', 10, undefined, 'IncompleteBody'],
  ])('in %j of %i bytes, announced as %s: %s', async (text, length, trailer, code) => {
    const headers = [decodedLength(length), ...(trailer ? [['x-amz-trailer', trailer] as const] : [])]
    for (const pieces of [[1], [1000]])
      expect(await refusal(() => taken(received(text, UNSIGNED_TRAILER, headers, { pieces })))).toBe(code)
  })

  test.each<[readonly number[], string]>([
    [[8192, 8192, 100], 'ok'],
    [[100], 'ok'],
    [[8200, 8201, 10000, 10], 'ok'],
    [[100, 8192, 100], 'InvalidChunkSizeError'],
    [[8192, 10, 100], 'InvalidChunkSizeError'],
    [[10, 10, 10], 'InvalidChunkSizeError'],
  ])('behind chunks of %j: %s', async (sizes, outcome) => {
    const text = `${sizes.map(size => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`).join('')}0\r\n\r\n`
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const read = () => taken(received(text, UNSIGNED_TRAILER, [decodedLength(total)]), 4096)
    if (outcome === 'ok') expect(await read()).toHaveLength(total)
    else expect(await refusal(read)).toBe(outcome)
  })

  test('comes with a decoded length, or is refused with 411', async () => {
    for (const length of ['', 'abc', '12x', '-1'])
      expect(
        await refusal(() =>
          received('0\r\n\r\n', UNSIGNED_TRAILER, [['x-amz-decoded-content-length', length]]),
        ),
      ).toBe('MissingContentLength')
    expect(await refusal(() => received('0\r\n\r\n', UNSIGNED_TRAILER, []))).toBe('MissingContentLength')
  })

  test('may follow an empty body', async () => {
    const headers = [decodedLength(0), ['x-amz-trailer', 'x-amz-checksum-crc32']] as const
    const body = received('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', UNSIGNED_TRAILER, headers)
    expect(await taken(body)).toHaveLength(0)
    expect(body.checksum()?.value).toEqual(Buffer.alloc(4))
  })
})

test('any data in any chunks, pieces and spaces decodes to itself, and is checked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 8192, max: 9000 }), { maxLength: 3 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(64, 1000, 65536),
      async (sizes, last, pieces, spaceSize) => {
        const all = [...sizes, last]
        const data = all.map((size, i) => Buffer.alloc(size, 65 + i))
        const coded = Buffer.concat([
          ...data.flatMap(piece => [
            Buffer.from(`${piece.length.toString(16)}\r\n`),
            piece,
            Buffer.from('\r\n'),
          ]),
          Buffer.from('0\r\n'),
        ])
        const whole = Buffer.concat(data)
        const digest = checksumDigest('CRC32')
        digest.update(whole)
        const value = Buffer.from(digest.digest()).toString('base64')
        const headers = [decodedLength(whole.length), ['x-amz-trailer', 'x-amz-checksum-crc32']] as const
        const bytes = Buffer.concat([coded, Buffer.from(`x-amz-checksum-crc32:${value}\r\n\r\n`)])
        expect(
          (await taken(received(bytes, UNSIGNED_TRAILER, headers, { pieces }), spaceSize)).equals(whole),
        ).toBe(true)
      },
    ),
    { numRuns: 50 },
  )
})

test('no bytes make the decoder do anything but decode or refuse', async () => {
  const token = fc.constantFrom(
    '0',
    '5',
    'a',
    '\r\n',
    '\r',
    '\n',
    ';chunk-signature=',
    ':',
    'hello',
    'x-amz-checksum-crc32',
    'AAAAAA==',
    'g'.repeat(64),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(token, { maxLength: 14 }),
      fc.integer({ min: 0, max: 10 }),
      async (tokens, length) => {
        const headers = [decodedLength(length), ['x-amz-trailer', 'x-amz-checksum-crc32']] as const
        for (const payload of [UNSIGNED_TRAILER, SIGNED_TRAILER]) {
          const body = received(tokens.join(''), payload, headers, { chunks: signing('00'), pieces: [3] })
          await taken(body).then(
            data => expect(data).toHaveLength(length),
            error => expect(error).toMatchObject({ name: 'S3Error' }),
          )
        }
      },
    ),
    { numRuns: 500 },
  )
})

describe('a plain body', () => {
  const data = Buffer.from('abcdefg')
  const md5 = Buffer.from('7ac66c0f148de9519b8bd264312c4d64', 'hex').toString('base64')
  const digest = (hex: string): PayloadForm => ({ kind: 'digest', sha256: Buffer.from(hex, 'hex') })
  const unsigned: PayloadForm = { kind: 'unsigned' }

  test('resolves when all of its digests are true', async () => {
    const body = received(data, digest(sha256(data)), [
      ['content-md5', md5],
      ['x-amz-checksum-crc64nvme', 'SmzZ/LTp1CA='],
    ])
    expect(await taken(body, 3)).toEqual(data)
    expect(body.checksum()).toEqual({
      algorithm: 'CRC64NVME',
      type: 'FULL_OBJECT',
      value: new Uint8Array(Buffer.from('SmzZ/LTp1CA=', 'base64')),
    })
  })
  test('has no checksum where the client sent none', async () => {
    const body = received(data, unsigned, [])
    await taken(body)
    expect(body.checksum()).toBeUndefined()
  })
  test('is refused when one of them is not', async () => {
    expect(await refusal(() => taken(received(data, digest(sha256('x')), [])))).toBe(
      'XAmzContentSHA256Mismatch',
    )
    expect(
      await refusal(() =>
        taken(received(data, unsigned, [['content-md5', Buffer.alloc(16).toString('base64')]])),
      ),
    ).toBe('BadDigest')
    expect(await refusal(() => taken(received(data, unsigned, [['x-amz-checksum-crc32', 'AAAAAA==']])))).toBe(
      'BadDigest',
    )
    expect(await refusal(() => taken(received('', digest(sha256('x')), [])))).toBe(
      'XAmzContentSHA256Mismatch',
    )
  })
  test('carries no trailer', async () => {
    expect(await refusal(() => received(data, unsigned, [['x-amz-trailer', 'x-amz-checksum-crc32']]))).toBe(
      'MalformedTrailerError',
    )
  })
  test('is not read where it is larger than its cap', async () => {
    expect(await refusal(() => readSmallBody(received(data, unsigned, []), 6))).toBe(
      'MaxMessageLengthExceeded',
    )
    expect(await readSmallBody(received(data, unsigned, []), 7)).toEqual(data)
  })
})

test('the chain of signatures starts from the request of just this key', async () => {
  const other = { ...signing(PUBLISHED_CHUNKS.seed), signingKey: hmac('other', 'key') }
  const body = received(PUBLISHED_CHUNKS.body, SIGNED, [decodedLength(66560)], { chunks: other })
  expect(await refusal(() => taken(body, 4096))).toBe('SignatureDoesNotMatch')
})
