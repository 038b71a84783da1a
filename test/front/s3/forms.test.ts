import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCopySource } from '../../../src/front/s3/forms/copy-source.ts'
import { readDigests } from '../../../src/front/s3/forms/digests.ts'
import { readETag } from '../../../src/front/s3/forms/etag.ts'
import { readLimit, readPartNumber } from '../../../src/front/s3/forms/numbers.ts'
import { readObjectHeaders } from '../../../src/front/s3/forms/object-headers.ts'
import {
  percentDecoded,
  percentEncoded,
  utf8Decoded,
  utf8Octets,
} from '../../../src/front/s3/forms/octets.ts'
import { readPlace } from '../../../src/front/s3/forms/place.ts'
import { readQuery } from '../../../src/front/s3/forms/query.ts'
import { readCopyRange, readRange } from '../../../src/front/s3/forms/range.ts'
import { checkTaggingHeader } from '../../../src/front/s3/forms/tags.ts'
import {
  basicTime,
  httpDate,
  readBasicTime,
  readHttpDate,
  readIsoTime,
} from '../../../src/front/s3/forms/times.ts'
import { headersOf, refusal } from './harness.ts'

const BASES = ['s3.example', 'eu.s3.example']

describe('bucket and key', () => {
  test.each<[string, string, unknown]>([
    ['h', '/', { kind: 'service' }],
    ['h', '/bucket', { kind: 'bucket', bucket: 'bucket' }],
    ['h', '/bucket/', { kind: 'bucket', bucket: 'bucket' }],
    ['h', '/bucket/a//b/../c+d%2Fe', { kind: 'object', bucket: 'bucket', key: 'a//b/../c+d/e' }],
    ['h', '/bucket//a', { kind: 'object', bucket: 'bucket', key: '/a' }],
    ['h', '/bucket/%C3%A9', { kind: 'object', bucket: 'bucket', key: 'é' }],
    ['bucket.s3.example', '/', { kind: 'bucket', bucket: 'bucket' }],
    ['Bucket.S3.Example:8700', '/bucket/key', { kind: 'object', bucket: 'bucket', key: 'bucket/key' }],
    ['a.b.eu.s3.example', '/key', { kind: 'object', bucket: 'a.b', key: 'key' }],
    ['s3.example', '/bucket/key', { kind: 'object', bucket: 'bucket', key: 'key' }],
    ['xs3.example', '/bucket/key', { kind: 'object', bucket: 'bucket', key: 'key' }],
  ])('of %s%s', (host, path, place) => {
    expect(readPlace(host, path, BASES)).toEqual(place)
  })

  test.each<[string, string, string]>([
    ['h', '//key', 'InvalidBucketName'],
    ['h', '/ab/key', 'InvalidBucketName'],
    ['h', '/Bucket/key', 'InvalidBucketName'],
    ['h', '/a..b/key', 'InvalidBucketName'],
    ['h', '/192.168.5.4/key', 'InvalidBucketName'],
    ['h', '/under_score/key', 'InvalidBucketName'],
    ['h', `/${'a'.repeat(64)}/key`, 'InvalidBucketName'],
    ['h', '/%62ucket/key', 'InvalidBucketName'],
    ['h', '/..%2f..%2fetc/key', 'InvalidBucketName'],
    ['-.s3.example', '/key', 'InvalidBucketName'],
    ['h', '/bucket/%', 'InvalidURI'],
    ['h', '/bucket/%zz', 'InvalidURI'],
    ['h', '/bucket/%ff', 'InvalidURI'],
    ['h', '/bucket/%ed%a0%80', 'InvalidURI'],
    ['h', '*', 'InvalidURI'],
    ['h', `/bucket/${'a'.repeat(1025)}`, 'KeyTooLongError'],
    ['h', `/bucket/${'%C3%A9'.repeat(513)}`, 'KeyTooLongError'],
  ])('of %s%s are refused: %s', async (host, path, code) => {
    expect(await refusal(() => readPlace(host, path, BASES))).toBe(code)
  })

  test('a key of just 1,024 bytes is one', () => {
    expect(readPlace('h', `/bucket/${'%C3%A9'.repeat(512)}`, [])).toMatchObject({ key: 'é'.repeat(512) })
  })
})

test('percent-encoding and UTF-8 come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), bytes => {
      const octets = Buffer.from(bytes).toString('latin1')
      expect(percentDecoded(percentEncoded(octets))).toBe(octets)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      expect(utf8Decoded(utf8Octets(text))).toBe(text)
    }),
  )
})

describe('a query', () => {
  test('keeps the order, empty values and = in values; + is a space', () => {
    expect(readQuery('b=&a&c=1=2&d=x+y%2Bz').pairs).toEqual([
      ['b', ''],
      ['a', ''],
      ['c', '1=2'],
      ['d', 'x y+z'],
    ])
  })
  test('is refused where it is read and holds a parameter twice, no UTF-8, or a bad escape', async () => {
    expect(await refusal(() => readQuery('a=1&a=2').get('a'))).toBe('InvalidArgument')
    expect(await refusal(() => readQuery('a=%ff').get('a'))).toBe('InvalidArgument')
    expect(await refusal(() => readQuery('a=%2'))).toBe('InvalidURI')
    expect(await refusal(() => readQuery('a&'.repeat(65)))).toBe('InvalidURI')
  })
})

describe('a range', () => {
  test.each<[string | undefined, unknown]>([
    ['bytes=0-9', { first: 0, last: 9 }],
    ['bytes=5-', { first: 5 }],
    ['bytes=-7', { suffix: 7 }],
    ['bytes=-0', { suffix: 0 }],
    ['bytes=0-99999999999999999999', { first: 0, last: Number.MAX_SAFE_INTEGER }],
    [undefined, undefined],
    ['bytes=9-0', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['bytes=a-b', undefined],
    ['octets=0-1', undefined],
    ['bytes 0-1', undefined],
  ])('%s', (value, range) => {
    expect(readRange(value)).toEqual(range)
  })
  test('of a copy is closed', async () => {
    expect(readCopyRange('bytes=1-2')).toEqual({ first: 1, last: 2 })
    for (const value of ['bytes=1-', 'bytes=-1', 'bytes=2-1', '1-2', 'bytes=0-1,2-3'])
      expect(await refusal(() => readCopyRange(value))).toBe('InvalidArgument')
  })
})

test('ETags come bare, quoted or weak; a list is refused rather than half read', async () => {
  for (const value of ['abc-t', '"abc-t"', 'W/"abc-t"', ' "abc-t" ']) expect(readETag(value)).toBe('abc-t')
  expect(readETag('*')).toBe('*')
  expect(readETag('')).toBeUndefined()
  expect(await refusal(() => readETag('"a", "b"'))).toBe('NotImplemented')
})

describe('a copy source', () => {
  test.each<[string, unknown]>([
    ['bucket/key', { bucket: 'bucket', key: 'key' }],
    ['/bucket/a//b', { bucket: 'bucket', key: 'a//b' }],
    ['bucket%2Fkey%20x%2B', { bucket: 'bucket', key: 'key x+' }],
    ['bucket/a+b', { bucket: 'bucket', key: 'a+b' }],
    ['bucket/key?versionId=3/L4', { bucket: 'bucket', key: 'key', versionId: '3/L4' }],
    ['bucket/key?versionId=', { bucket: 'bucket', key: 'key' }],
    ['bucket/what?', { bucket: 'bucket', key: 'what?' }],
    ['bucket/%C3%A9', { bucket: 'bucket', key: 'é' }],
  ])('%s', (value, source) => {
    expect(readCopySource(value)).toEqual(source)
  })
  test('is refused without bucket or key, or with broken escapes', async () => {
    for (const value of ['', '/', 'bucket', 'bucket/', 'B/key', 'bucket/%', 'bucket/%ff'])
      expect(await refusal(() => readCopySource(value))).toBe('InvalidArgument')
    expect(await refusal(() => readCopySource('arn:aws:s3:us-east-1:1:accesspoint/a/object/b'))).toBe(
      'NotImplemented',
    )
  })
})

describe('times', () => {
  const time = new Date('1994-11-06T08:49:37Z')
  test.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    '1994-11-06T08:49:37Z',
    '19941106T084937Z',
  ])('%s', value => {
    expect(readHttpDate(value)).toEqual(time)
  })
  test.each([
    '',
    'yesterday',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    '1994-11-06',
  ])('"%s" is none', value => {
    expect(readHttpDate(value)).toBeUndefined()
  })
  test('are written as they are read', () => {
    expect(httpDate(time)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2200-01-01'), noInvalidDate: true }), any => {
        const seconds = new Date(Math.floor(any.getTime() / 1000) * 1000)
        expect(readHttpDate(httpDate(seconds))).toEqual(seconds)
        expect(readBasicTime(basicTime(seconds))).toEqual(seconds)
        expect(readIsoTime(any.toISOString())).toEqual(any)
      }),
    )
  })
})

test('limits and part numbers', async () => {
  expect(readLimit('max-keys', undefined)).toBe(1000)
  expect(readLimit('max-keys', '0')).toBe(0)
  expect(readLimit('max-keys', '2147483647')).toBe(2147483647)
  for (const value of ['-1', 'ten', '1.5', '2147483648', '1e3'])
    expect(await refusal(() => readLimit('max-keys', value))).toBe('InvalidArgument')
  expect(readPartNumber('10000')).toBe(10000)
  for (const value of ['0', '10001', '-1', 'one', ''])
    expect(await refusal(() => readPartNumber(value))).toBe('InvalidArgument')
})

test('tags in a header follow the rules of S3', async () => {
  checkTaggingHeader('a=b&c=&d&%C3%A9+x=1%2B1')
  expect(await refusal(() => checkTaggingHeader('a=1&a=2'))).toBe('InvalidArgument')
  expect(await refusal(() => checkTaggingHeader('a=%zz'))).toBe('InvalidArgument')
  expect(await refusal(() => checkTaggingHeader('=b'))).toBe('InvalidArgument')
  expect(await refusal(() => checkTaggingHeader(`${'a'.repeat(129)}=b`))).toBe('InvalidTag')
  expect(await refusal(() => checkTaggingHeader(`a=${'b'.repeat(257)}`))).toBe('InvalidTag')
  expect(await refusal(() => checkTaggingHeader('a=%3C'))).toBe('InvalidTag')
  expect(await refusal(() => checkTaggingHeader([...'abcdefghijk'].map(key => `${key}=1`).join('&')))).toBe(
    'BadRequest',
  )
})

describe("an object's headers", () => {
  test('are kept as octets, user metadata joined, aws-chunked and all else dropped', () => {
    const headers = headersOf([
      ['content-type', 'text/plain'],
      ['content-encoding', 'gzip, aws-chunked'],
      ['x-amz-meta-a', 'caf\u00c3\u00a9'],
      ['x-amz-meta-a', 'two'],
      ['authorization', 'secret'],
      ['x-amz-acl', 'private'],
    ])
    expect(readObjectHeaders(headers)).toEqual([
      ['content-type', 'text/plain'],
      ['content-encoding', 'gzip'],
      ['x-amz-meta-a', 'caf\u00c3\u00a9,two'],
    ])
    expect(readObjectHeaders(headersOf([['content-encoding', 'aws-chunked']]))).toEqual([])
  })
  test('are refused over 2,048 bytes of user metadata', async () => {
    const metadata = (length: number) => headersOf([['x-amz-meta-key', 'v'.repeat(length - 3)]])
    expect(readObjectHeaders(metadata(2048))).toHaveLength(1)
    expect(await refusal(() => readObjectHeaders(metadata(2049)))).toBe('MetadataTooLarge')
  })
})

describe('declared digests', () => {
  const read = (...pairs: [string, string][]) => readDigests(headersOf(pairs))
  test('are one checksum at most', async () => {
    expect(read(['x-amz-checksum-crc32', 'MSpqpg==']).checksum?.algorithm).toBe('CRC32')
    expect(read(['x-amz-trailer', 'X-Amz-Checksum-SHA256']).trailer).toBe('SHA256')
    expect(read(['x-amz-checksum-type', 'FULL_OBJECT'], ['x-amz-checksum-algorithm', 'CRC32'])).toEqual({})
    for (const [code, ...pairs] of [
      [
        'InvalidRequest',
        ['x-amz-checksum-crc32', 'MSpqpg=='],
        ['x-amz-checksum-sha1', 'L7XhNBn8iSRoZeejJPR27GJOh0A='],
      ],
      ['InvalidRequest', ['x-amz-checksum-crc32', 'MSpqpg=='], ['x-amz-trailer', 'x-amz-checksum-crc32']],
      ['InvalidRequest', ['x-amz-checksum-crc32', 'MSpqpg==x']],
      ['InvalidRequest', ['x-amz-checksum-crc32', 'MSpqpg']],
      ['InvalidRequest', ['x-amz-checksum-crc33', 'MSpqpg==']],
      ['InvalidRequest', ['x-amz-sdk-checksum-algorithm', 'CRC32']],
      ['InvalidRequest', ['x-amz-sdk-checksum-algorithm', 'SHA1'], ['x-amz-checksum-crc32', 'MSpqpg==']],
      ['InvalidRequest', ['x-amz-trailer', 'x-amz-meta-a']],
      ['InvalidRequest', ['x-amz-checksum-sha512', 'x']],
      ['InvalidRequest', ['x-amz-trailer', 'x-amz-checksum-xxhash33']],
      ['InvalidDigest', ['content-md5', 'short']],
      ['InvalidDigest', ['content-md5', '']],
    ] as [string, ...[string, string][]][])
      expect(await refusal(() => read(...pairs))).toBe(code)
  })
})
