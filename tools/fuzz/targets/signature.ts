import { type Authority, authenticate } from '../../../src/front/s3/auth/authenticate.ts'
import { SigningKeys } from '../../../src/front/s3/auth/signature.ts'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { percentDecoded } from '../../../src/front/s3/forms/octets.ts'
import { type Query, readQuery } from '../../../src/front/s3/forms/query.ts'
import { RequestRefused } from '../../../src/wire/errors.ts'
import type { Headers } from '../../../src/wire/exchange.ts'
import { endOfHead, readRequestHead } from '../../../src/wire/head.ts'
import { EXAMPLE_KEY } from '../../../test/front/s3/harness.ts'
import { DAY, presign, sign } from '../sign.ts'
import { holds, refusing, type Target } from '../target.ts'

/** Signed requests, in their field and in their query: what is accepted says what was signed, and nothing else. */
export function open(): Target {
  const seeds = [
    sign('GET /photos/a%20b?versionId=1 HTTP/1.1\r\nhost: s3.example.com\r\nx-amz-meta-a: b  c\r\n\r\n'),
    sign('PUT /photos/k HTTP/1.1\r\nhost: s3.example.com\r\ncontent-length: 0\r\n\r\n'),
    sign('GET /?max-buckets=2&prefix=%2B HTTP/1.1\r\nhost: s3.example.com\r\n\r\n'),
    presign('GET /photos/%C3%A4?response-content-type=a HTTP/1.1\r\nhost: s3.example.com\r\n\r\n'),
  ]
  const signed = new Set(seeds.map(seed => meaning(read(Buffer.from(seed, 'latin1'))!)))
  return {
    seeds,
    words: [...WORDS, ...seeds.flatMap(seed => seed.split(/(?<=\r\n)/))],
    longest: 2048,
    run: input => run(input, signed),
  }
}

const WORDS = [
  'AWS4-HMAC-SHA256 ',
  'AWS4-ECDSA-P256-SHA256',
  'Credential=',
  'SignedHeaders=',
  'Signature=',
  'AWS ',
  '/s3/aws4_request',
  'host;x-amz-date',
  'host',
  ';',
  ', ',
  '=',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Expires=604801',
  'X-Amz-Expires=-0',
  'X-Amz-Signature',
  'UNSIGNED-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'x-amz-content-sha256: ',
  'x-amz-date: ',
  'date: ',
  '%2F',
  '%25',
  '&a=b',
  '//',
  '/../',
  'AWSAccessKeyId=1',
  '__proto__',
]

const AUTHORITY: Authority = {
  accessKeys: { find: id => (id === EXAMPLE_KEY.id ? EXAMPLE_KEY : undefined) },
  signingKeys: new SigningKeys(),
  region: 'us-east-1',
}

interface Request {
  readonly method: string
  readonly path: string
  readonly query: Query
  readonly headers: Headers
}

async function run(input: Buffer, signed: ReadonlySet<string>): Promise<void> {
  const request = read(input)
  if (request === undefined) return
  try {
    await authenticate(request, 'GetObject', AUTHORITY, new Date(`${DAY}T08:00:10Z`))
  } catch (error) {
    if (error instanceof S3Error) return
    throw error
  }
  holds(signed.has(meaning(request)), 'a request was accepted that nobody signed')
}

function read(input: Buffer): Request | undefined {
  const end = endOfHead(input, 0, input.length)
  if (typeof end !== 'number') return undefined
  const head = refusing(RequestRefused, () => readRequestHead(input, end))
  if (head === undefined) return undefined
  const [path = '', query = ''] = head.target.split(/\?(.*)/s)
  const parameters = refusing(S3Error, () => readQuery(query))
  return parameters && { method: head.method, path, query: parameters, headers: head.headers }
}

/** What a request asks for, as far as every signature here speaks for it. */
function meaning({ method, path, query, headers }: Request): string {
  const parameters = query.pairs.filter(([name]) => name !== 'X-Amz-Signature').map(pair => pair.join('='))
  return JSON.stringify([
    method,
    percentDecoded(path),
    parameters.sort(),
    headers.get('host')?.replaceAll(/ +/g, ' '),
  ])
}
