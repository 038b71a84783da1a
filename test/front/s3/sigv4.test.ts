import { describe, expect, test } from 'vitest'
import { type Authority, authenticate } from '../../../src/front/s3/auth/authenticate.ts'
import { SigningKeys } from '../../../src/front/s3/auth/signature.ts'
import { readQuery } from '../../../src/front/s3/forms/query.ts'
import { readBasicTime } from '../../../src/front/s3/forms/times.ts'
import { EXAMPLE_KEY, headersOf, refusal } from './harness.ts'

const authority: Authority = {
  accessKeys: { find: id => (id === EXAMPLE_KEY.id ? EXAMPLE_KEY : undefined) },
  signingKeys: new SigningKeys(),
  region: 'us-east-1',
}
const NOW = readBasicTime('20130524T000000Z')!
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const HOST = ['host', 'examplebucket.s3.amazonaws.com'] as const
const DATE = ['x-amz-date', '20130524T000000Z'] as const

interface Example {
  readonly method?: string
  readonly target: string
  readonly operation?: string
  readonly headers?: readonly (readonly [string, string])[]
}

function check(
  { method = 'GET', target, headers = [HOST], operation = 'GetObject' }: Example,
  now = NOW,
  by = authority,
) {
  const [path = '', query = ''] = target.split('?')
  const request = { method, path, query: readQuery(query), headers: headersOf(headers) }
  return authenticate(request, operation, by, now)
}

const authorization = (signedHeaders: string, signature: string) =>
  [
    'authorization',
    `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`,
  ] as const

/** "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk", Amazon S3 API Reference. */
const GET_OBJECT: Example = {
  target: '/test.txt',
  headers: [
    HOST,
    ['range', 'bytes=0-9'],
    ['x-amz-content-sha256', EMPTY],
    DATE,
    authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  ],
}
const PUBLISHED: Record<string, Example> = {
  'GET of a range': GET_OBJECT,
  'PUT with $ in the key and a Date field': {
    method: 'PUT',
    target: '/test$file.text',
    headers: [
      HOST,
      ['date', 'Fri, 24 May 2013 00:00:00 GMT'],
      DATE,
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ['x-amz-content-sha256', '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'],
      authorization(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
    ],
  },
  'GET with a sub-resource that has no value': {
    target: '/?lifecycle',
    headers: [
      HOST,
      ['x-amz-content-sha256', EMPTY],
      DATE,
      authorization(
        'host;x-amz-content-sha256;x-amz-date',
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
    ],
  },
  'GET with two parameters': {
    target: '/?max-keys=2&prefix=J',
    headers: [
      HOST,
      ['x-amz-content-sha256', EMPTY],
      DATE,
      authorization(
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
    ],
  },
  'PUT in signed chunks': {
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    headers: [
      ['host', 's3.amazonaws.com'],
      DATE,
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
      ['content-encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', '66560'],
      ['content-length', '66824'],
      authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    ],
  },
  /** "Authenticating Requests: Using Query Parameters". */
  'a presigned GET': {
    target:
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  },
}

describe("AWS's published examples verify", () => {
  test.each(Object.entries(PUBLISHED))('%s', async (_, example) => {
    expect((await check(example)).accessKeyId).toBe(EXAMPLE_KEY.id)
  })

  test.each(Object.entries(PUBLISHED))('%s, with anything changed, does not', async (_, example) => {
    const changes: Example[] = [
      { ...example, method: 'DELETE' },
      { ...example, target: example.target.replace('/', '/x') },
      { ...example, target: `${example.target}${example.target.includes('?') ? '&' : '?'}acl` },
      {
        ...example,
        headers: example.headers?.map(
          ([name, value]) => [name, name === 'host' ? 'evil.example' : value] as const,
        ) ?? [['host', 'evil.example']],
      },
    ]
    for (const changed of changes) expect(await refusal(() => check(changed))).toBe('SignatureDoesNotMatch')
  })
})

const withAuthorization = (value: string): Example => ({
  ...GET_OBJECT,
  headers: [...GET_OBJECT.headers!.filter(([name]) => name !== 'authorization'), ['authorization', value]],
})
const SCOPE = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'

/** Codes as s3-tests (test_headers.py) expects them. */
test.each<[string, string, string]>([
  ['none', '', 'AccessDenied'],
  ['no date', 'Bad Date', 'AccessDenied'],
  ['before 1970', 'Tue, 07 Jul 1950 21:53:04 GMT', 'AccessDenied'],
  ['long past', 'Tue, 07 Jul 2010 21:53:04 GMT', 'RequestTimeTooSkewed'],
  ['one that is now', 'Fri, 24 May 2013 00:00:00 GMT', 'InvalidRequest'],
])('a request by SigV2 whose date is %s', async (_, date, code) => {
  const request = withAuthorization('AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=')
  const headers = request.headers!.filter(([name]) => name !== 'x-amz-date')
  const dated = { ...request, headers: [...headers, ['x-amz-date', date] as const] }
  expect(await refusal(() => check(dated))).toBe(code)
})

/** Codes as versitygw's suite (tests/integration/sigv4_auth.go, presigned_urls.go) expects them of S3. */
describe('what cannot be verified is refused with the code S3 has for it', () => {
  test.each<[string, string, string]>([
    ['no space in the field', 'invalid_header', 'InvalidArgument'],
    ['SigV2', 'AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=', 'InvalidRequest'],
    [
      'SigV4A',
      `AWS4-ECDSA-P256-SHA256 Credential=${SCOPE},SignedHeaders=host,Signature=00`,
      'InvalidArgument',
    ],
    [
      'two components',
      `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=host`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'a component without =',
      `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders-host,Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'components in another order',
      `AWS4-HMAC-SHA256 SignedHeaders=host,Credential=${SCOPE},Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'a credential of four pieces',
      'AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/s3,SignedHeaders=host,Signature=00',
      'AuthorizationHeaderMalformed',
    ],
    [
      'another service',
      `AWS4-HMAC-SHA256 Credential=${SCOPE.replace('s3', 'ec2')},SignedHeaders=host,Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'S3 Express',
      `AWS4-HMAC-SHA256 Credential=${SCOPE.replace('s3', 's3express')},SignedHeaders=host,Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'another region',
      `AWS4-HMAC-SHA256 Credential=${SCOPE.replace('us-east-1', 'eu-west-1')},SignedHeaders=host,Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'no such day',
      `AWS4-HMAC-SHA256 Credential=${SCOPE.replace('20130524', '20130231')},SignedHeaders=host,Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'another day than the date',
      `AWS4-HMAC-SHA256 Credential=${SCOPE.replace('20130524', '20130523')},SignedHeaders=host,Signature=00`,
      'AuthorizationHeaderMalformed',
    ],
    [
      'an unknown key',
      `AWS4-HMAC-SHA256 Credential=${SCOPE.replace('AKIA', 'BKIA')},SignedHeaders=host,Signature=00`,
      'InvalidAccessKeyId',
    ],
    [
      'fields that are not signed',
      `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=host,Signature=00`,
      'AccessDenied',
    ],
    [
      'a short signature',
      `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=00`,
      'SignatureDoesNotMatch',
    ],
    [
      'a signature of as many letters, but of more bytes',
      `AWS4-HMAC-SHA256 Credential=${SCOPE},SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=${'\xe4'.repeat(64)}`,
      'SignatureDoesNotMatch',
    ],
  ])('%s', async (_, value, code) => {
    expect(await refusal(() => check(withAuthorization(value)))).toBe(code)
  })

  test('a clock that is off by more than 15 minutes, either way', async () => {
    const minutes = (count: number) => new Date(NOW.getTime() + count * 60_000)
    expect(await refusal(() => check(GET_OBJECT, minutes(16)))).toBe('RequestTimeTooSkewed')
    expect(await refusal(() => check(GET_OBJECT, minutes(-16)))).toBe('RequestTimeTooSkewed')
    await check(GET_OBJECT, minutes(15))
    await check(GET_OBJECT, minutes(-15))
  })

  test('no date', async () => {
    const headers = GET_OBJECT.headers!.filter(([name]) => name !== 'x-amz-date')
    expect(await refusal(() => check({ ...GET_OBJECT, headers }))).toBe('AccessDenied')
  })

  test('no signature at all, unless anonymous access is configured', async () => {
    expect(await refusal(() => check({ target: '/test.txt' }))).toBe('AccessDenied')
    const anonymous = { tenant: 'public', grants: [] }
    const caller = await check({ target: '/test.txt' }, NOW, { ...authority, anonymous })
    expect(caller.identity).toBe(anonymous)
    expect(caller.accessKeyId).toBeUndefined()
  })

  test('no signature, where one is always needed, whatever is granted', async () => {
    const open = { ...authority, anonymous: { tenant: 'public', grants: [] } }
    expect(await refusal(() => check({ target: '/b', operation: 'CreateBucket' }, NOW, open))).toBe(
      'AccessDenied',
    )
    expect(await refusal(() => check({ target: '/b/k?response-content-type=a' }, NOW, open))).toBe(
      'InvalidRequest',
    )
  })

  test('two signatures', async () => {
    const target = PUBLISHED['a presigned GET']!.target
    expect(await refusal(() => check({ ...GET_OBJECT, target }))).toBe('InvalidArgument')
    const twice = [...GET_OBJECT.headers!, GET_OBJECT.headers!.at(-1)!]
    expect(await refusal(() => check({ ...GET_OBJECT, headers: twice }))).toBe('InvalidArgument')
  })

  test('a session token beside a key that is no session', async () => {
    const headers = [...GET_OBJECT.headers!, ['x-amz-security-token', 'token'] as const]
    expect(await refusal(() => check({ ...GET_OBJECT, headers }))).toBe('InvalidToken')
  })

  test('a payload hash that is none', async () => {
    const headers = GET_OBJECT.headers!.map(([name, value]) =>
      name === 'x-amz-content-sha256' ? ([name, 'invalid_sha256'] as const) : ([name, value] as const),
    )
    expect(await refusal(() => check({ ...GET_OBJECT, headers }))).toBe('InvalidArgument')
  })

  const presigned = PUBLISHED['a presigned GET']!.target
  test.each<[string, string, string]>([
    [
      'a URL without a signature',
      presigned.replace(/&X-Amz-Signature=\w+/, ''),
      'AuthorizationQueryParametersError',
    ],
    [
      'a URL without an expiry',
      presigned.replace('&X-Amz-Expires=86400', ''),
      'AuthorizationQueryParametersError',
    ],
    [
      'a URL for more than seven days',
      presigned.replace('=86400', '=604801'),
      'AuthorizationQueryParametersError',
    ],
    ['a URL for a negative time', presigned.replace('=86400', '=-1'), 'AuthorizationQueryParametersError'],
    [
      'a URL for a time that is no number',
      presigned.replace('=86400', '=soon'),
      'AuthorizationQueryParametersError',
    ],
    ['a URL by SigV4A', presigned.replace('HMAC', 'ECDSA-P256'), 'AuthorizationQueryParametersError'],
    [
      'a URL whose days differ',
      presigned.replace('Date=20130524', 'Date=20130523'),
      'AuthorizationQueryParametersError',
    ],
    ['a URL whose expiry was changed', presigned.replace('=86400', '=86401'), 'SignatureDoesNotMatch'],
  ])('%s', async (_, target, code) => {
    expect(await refusal(() => check({ target }))).toBe(code)
  })

  test('a URL whose time is over, or has not come', async () => {
    expect(await refusal(() => check({ target: presigned }, new Date(NOW.getTime() + 86_401_000)))).toBe(
      'AccessDenied',
    )
    expect(await refusal(() => check({ target: presigned }, new Date(NOW.getTime() - 901_000)))).toBe(
      'AccessDenied',
    )
  })

  test('a URL with an x-amz field that it did not sign', async () => {
    const headers = [HOST, ['x-amz-tagging', 'a=b']] as const
    expect(await refusal(() => check({ target: presigned, headers }))).toBe('AccessDenied')
  })
})
