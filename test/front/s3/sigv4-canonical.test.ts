import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authenticate } from '../../../src/front/s3/auth/authenticate.ts'
import { canonicalPaths, canonicalRequest } from '../../../src/front/s3/auth/canonical.ts'
import { SigningKeys } from '../../../src/front/s3/auth/signature.ts'
import { readQuery } from '../../../src/front/s3/forms/query.ts'
import { basicTime } from '../../../src/front/s3/forms/times.ts'
import { EXAMPLE_KEY, headersOf, hmac, refusal, sha256 } from './harness.ts'

const canonical = (target: string, headers: readonly (readonly [string, string])[] = [['host', 'h']]) => {
  const [path = '', query = ''] = target.split('?')
  const request = { method: 'GET', path, query: readQuery(query), headers: headersOf(headers) }
  const names = [...new Set(headers.map(([name]) => name))].sort()
  return canonicalRequest(request, canonicalPaths(path)[0]!, names, 'UNSIGNED-PAYLOAD').split('\n')
}

describe('a canonical request', () => {
  test.each([
    ['/a//b/../c/./d', '/a//b/../c/./d'],
    ['/a%2Fb', '/a/b'],
    ['/a%252Fb', '/a%252Fb'],
    ['/a+b', '/a%2Bb'],
    ['/a%20b', '/a%20b'],
    ['/%c3%a9', '/%C3%A9'],
    ["/~-_.!'()*", '/~-_.%21%27%28%29%2A'],
  ])('has the path %s as %s', (path, expected) => {
    expect(canonical(path)[1]).toBe(expected)
  })

  test.each([
    ['/?b=2&a=1', 'a=1&b=2'],
    ['/?acl', 'acl='],
    ['/?acl=', 'acl='],
    ['/?a=b=c', 'a=b%3Dc'],
    ['/?prefix=a+b', 'prefix=a%20b'],
    ['/?prefix=a%2Bb', 'prefix=a%2Bb'],
    ['/?prefix=a/b', 'prefix=a%2Fb'],
    ['/?a=2&a=1&A=3', 'A=3&a=1&a=2'],
    ['/?a-b=1&a=2', 'a=2&a-b=1'],
    ['/?X-Amz-Signature=s&z=1', 'z=1'],
  ])('has the query of %s as %s', (target, expected) => {
    expect(canonical(target)[2]).toBe(expected)
  })

  test('joins fields of one name and counts runs of spaces as one', () => {
    const lines = canonical('/', [
      ['host', 'h'],
      ['x-amz-meta-a', 'one   two'],
      ['x-amz-meta-a', 'three'],
    ])
    expect(lines.slice(3, 5)).toEqual(['host:h', 'x-amz-meta-a:one two,three'])
  })
})

/** SigV4 once more, from the specification, over bytes: what a client does. */
function signed(method: string, key: string, parameters: readonly (readonly [string, string])[], now: Date) {
  const encode = (text: string) =>
    [...Buffer.from(text)]
      .map(byte =>
        /[A-Za-z0-9\-._~]/.test(String.fromCharCode(byte))
          ? String.fromCharCode(byte)
          : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
      )
      .join('')
  const path = `/bucket/${key.split('/').map(encode).join('/')}`
  const query = parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`)
  const time = basicTime(now)
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const text = [
    method,
    path,
    [...query].sort().join('&'),
    `host:h\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:${time}\n`,
    'host;x-amz-content-sha256;x-amz-date',
    'UNSIGNED-PAYLOAD',
  ].join('\n')
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(text)}`
  const signingKey = scope
    .split('/')
    .reduce<Buffer | string>((secret, piece) => hmac(secret, piece), `AWS4${EXAMPLE_KEY.secret}`)
  const signature = hmac(signingKey, toSign).toString('hex')
  return {
    method,
    path,
    query: readQuery(query.join('&')),
    headers: headersOf([
      ['host', 'h'],
      ['x-amz-date', time],
      ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
      [
        'authorization',
        `AWS4-HMAC-SHA256 Credential=${EXAMPLE_KEY.id}/${scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${signature}`,
      ],
    ]),
  }
}

/** fast-check's own `binary` unit takes seconds to set up. */
const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff })
  .filter(code => code < 0xd800 || code > 0xdfff)
  .map(code => String.fromCodePoint(code))

test('whatever key and query a client signs verifies, and nothing else does', async () => {
  const authority = {
    accessKeys: { find: () => EXAMPLE_KEY },
    signingKeys: new SigningKeys(),
    region: 'us-east-1',
  }
  const name = fc.stringMatching(/^[a-z]{1,8}$/)
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 }),
      fc.uniqueArray(fc.tuple(name, fc.string({ unit: anyCharacter, maxLength: 10 })), {
        maxLength: 4,
        selector: ([its]) => its,
      }),
      async (key, parameters) => {
        const now = new Date()
        const request = signed('GET', key, parameters, now)
        expect((await authenticate(request, 'GetObject', authority, now)).accessKeyId).toBe(EXAMPLE_KEY.id)
        const changed = { ...request, path: `${request.path}x` }
        expect(await refusal(() => authenticate(changed, 'GetObject', authority, now))).toBe(
          'SignatureDoesNotMatch',
        )
      },
    ),
  )
})
