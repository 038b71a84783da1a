import { describe, expect, test } from 'vitest'
import { type Signed, Signer, type ToSign } from '../../../src/store/s3/signature.ts'

/** The examples of the Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header". */
const signer = () =>
  new Signer(
    {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
    'us-east-1',
  )
const NOW = new Date('2013-05-24T00:00:00Z')
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function sign(request: Partial<ToSign>): Signed {
  const plain = { method: 'GET', path: '/', query: '', headers: [], payload: EMPTY }
  return signer().sign({ ...plain, host: 'examplebucket.s3.amazonaws.com', ...request }, NOW)
}

const signatureOf = ({ headers }: Signed) =>
  headers.find(([name]) => name === 'authorization')![1].split('Signature=')[1]

const A64K = Buffer.alloc(65_536, 'a')
const A1K = Buffer.alloc(1024, 'a')

describe('a signature is the published one for', () => {
  test('GET of a range', () => {
    const signed = sign({ path: '/test.txt', headers: [['range', 'bytes=0-9']] })
    expect(signatureOf(signed)).toBe('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41')
    expect(signed.headers.at(-1)![1]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20130524\/us-east-1\/s3\/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=/,
    )
  })

  test('PUT with an encoded key', () => {
    const signed = sign({
      method: 'PUT',
      path: '/test%24file.text',
      headers: [
        ['date', 'Fri, 24 May 2013 00:00:00 GMT'],
        ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ],
      payload: '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    })
    expect(signatureOf(signed)).toBe('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd')
  })

  test('a sub-resource', () => {
    expect(signatureOf(sign({ query: 'lifecycle=' }))).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    )
  })

  test('a listing', () => {
    expect(signatureOf(sign({ query: 'max-keys=2&prefix=J' }))).toBe(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    )
  })

  test('signed chunks ("Transferring Payload in Multiple Chunks")', () => {
    const signed = sign({
      method: 'PUT',
      host: 's3.amazonaws.com',
      path: '/examplebucket/chunkObject.txt',
      headers: [
        ['content-encoding', 'aws-chunked'],
        ['content-length', '66824'],
        ['x-amz-decoded-content-length', '66560'],
        ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
      ],
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    })
    expect(signatureOf(signed)).toBe('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9')
    expect([A64K, A1K, Buffer.alloc(0)].map(data => signed.chunks.chunk(data))).toEqual([
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ])
  })

  test('signed chunks with a trailer ("... with a trailing checksum")', () => {
    const signed = sign({
      method: 'PUT',
      host: 's3.amazonaws.com',
      path: '/examplebucket/chunkObject.txt',
      headers: [
        ['content-encoding', 'aws-chunked'],
        ['x-amz-decoded-content-length', '66560'],
        ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
        ['x-amz-trailer', 'x-amz-checksum-crc32c'],
      ],
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    })
    expect(signatureOf(signed)).toBe('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e')
    expect([A64K, A1K, Buffer.alloc(0)].map(data => signed.chunks.chunk(data))).toEqual([
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ])
    expect(signed.chunks.trailer('x-amz-checksum-crc32c:sOO8/Q==\n')).toBe(
      'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    )
  })
})

test('the signing key changes with the day', () => {
  const one = signer()
  const request = { method: 'GET', path: '/', query: '', host: 'h', headers: [], payload: EMPTY }
  const tomorrow = new Date('2013-05-25T00:00:00Z')
  one.sign(request, NOW)
  expect(signatureOf(one.sign(request, tomorrow))).toBe(signatureOf(signer().sign(request, tomorrow)))
  expect(signatureOf(one.sign(request, NOW))).toBe(signatureOf(signer().sign(request, NOW)))
})

test('a session token is sent and signed', () => {
  const credential = { accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T' }
  const request = { method: 'GET', path: '/', query: '', host: 'h', headers: [], payload: EMPTY }
  const { headers } = new Signer(credential, 'us-east-1').sign(request, NOW)
  expect(headers).toContainEqual(['x-amz-security-token', 'T'])
  expect(headers.at(-1)![1]).toContain('x-amz-date;x-amz-security-token')
})
