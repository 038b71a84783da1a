import { createHash } from 'node:crypto'
import { signature, signingKey } from '../../../src/front/s3/auth/signature.ts'
import { type AwsChunked, AwsChunkedBody } from '../../../src/front/s3/body/aws-chunked.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { bodyOf, EXAMPLE_KEY, taken } from '../../../test/front/s3/harness.ts'
import { holds, type Target } from '../target.ts'

/**
 * Bodies in chunks. The first character says how they are coded: unsigned `u`, unsigned with a trailer `t`,
 * signed `s`, signed with a trailer `T`. How they are split on their way changes nothing; what is accepted is
 * what a plain reader sees, and, where it is signed, what was signed.
 */
export const open = (): Target => ({ seeds: SEEDS, words: WORDS, longest: 20_000, run })

const DATA = 'hello, world'
const LARGE = 'x'.repeat(8192) + DATA
const TRAILER = 'x-amz-checksum-crc32'
const TIME = '20261124T080000Z'
const SCOPE = '20261124/us-east-1/s3/aws4_request'
const KEY = signingKey(EXAMPLE_KEY.secret, {
  accessKeyId: EXAMPLE_KEY.id,
  day: '20261124',
  region: 'us-east-1',
  service: 's3',
})
const SEED = '0'.repeat(64)
const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex')

const unsigned = (chunks: readonly string[], end: string): string =>
  `${chunks.map(chunk => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n${end}`

function signed(chunks: readonly string[], trailer?: string): string {
  let previous = SEED
  let text = ''
  for (const chunk of [...chunks, '']) {
    previous = signature(
      KEY,
      `AWS4-HMAC-SHA256-PAYLOAD\n${TIME}\n${SCOPE}\n${previous}\n${sha256('')}\n${sha256(chunk)}`,
    )
    text += `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`
  }
  if (trailer === undefined) return `${text}\r\n`
  const own = signature(
    KEY,
    `AWS4-HMAC-SHA256-TRAILER\n${TIME}\n${SCOPE}\n${previous}\n${sha256(`${trailer}\n`)}`,
  )
  return `${text}${trailer}\r\nx-amz-trailer-signature:${own}\r\n\r\n`
}

const SEEDS = [
  `u${unsigned([DATA], '\r\n')}`,
  `u${unsigned([LARGE.slice(0, 8192), LARGE.slice(8192)], '\r\n')}`,
  `t${unsigned([DATA], `${TRAILER}:AAAAAA==\r\n\r\n`)}`,
  `s${signed([DATA])}`,
  `s${signed([LARGE.slice(0, 8192), LARGE.slice(8192)])}`,
  `T${signed([DATA], `${TRAILER}:AAAAAA==`)}`,
]
const WORDS = [
  '0\r\n',
  '1\r\nx\r\n',
  'c\r\n',
  '\r\n',
  '\r\n\r\n',
  ';',
  ';chunk-signature=',
  'chunk-signature',
  `${TRAILER}:`,
  'x-amz-trailer-signature:',
  'fffffffffffff',
  '2000\r\n',
  '+1',
  '0x1',
  ' ',
  'hello, world',
  '0'.repeat(64),
]

async function run(input: Buffer): Promise<void> {
  const coding = String.fromCharCode(input[0] ?? 0)
  const stream = input.subarray(1)
  const plain = coding === 's' || coding === 'T' ? undefined : plainly(stream)
  const lengths = new Set([DATA.length, LARGE.length, plain?.length ?? DATA.length])
  for (const length of lengths) {
    const whole = await outcome(stream, coding, length, [stream.length])
    const split = await outcome(stream, coding, length, [1 + (stream.length % 97), 3, 4096, 1])
    holds(whole === split, `whole ${whole}, split ${split}`)
    if (!whole.startsWith('data:')) continue
    const data = whole.slice('data:'.length, whole.lastIndexOf('|'))
    if (plain !== undefined) holds(data === plain, 'other bytes than a plain reader sees')
    else holds(data === DATA || data === LARGE, 'bytes that nobody signed')
  }
}

async function outcome(
  stream: Buffer,
  coding: string,
  length: number,
  pieces: readonly number[],
): Promise<string> {
  const described: AwsChunked = {
    length,
    ...((coding === 's' || coding === 'T') && {
      signing: { signingKey: KEY, time: TIME, scope: SCOPE, seed: SEED },
    }),
    ...((coding === 't' || coding === 'T') && { trailer: TRAILER }),
  }
  const body = new AwsChunkedBody(bodyOf(stream, pieces), described)
  try {
    return `data:${(await taken(body, 1024)).toString('latin1')}|${body.trailerValue}`
  } catch (error) {
    if (error instanceof S3Error) return error.code
    throw error
  }
}

/** The data of unsigned chunks, read with no thought of speed. */
function plainly(stream: Buffer): string {
  let rest = stream.toString('latin1')
  let data = ''
  for (;;) {
    const head = /^([0-9a-fA-F]+)\r\n/.exec(rest)
    const size = Number.parseInt(head?.[1] ?? '0', 16)
    if (!head || size === 0 || size > rest.length) return data
    data += rest.slice(head[0].length, head[0].length + size)
    rest = rest.slice(head[0].length + size + 2)
  }
}
