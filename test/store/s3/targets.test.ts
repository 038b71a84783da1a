import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeKey, Targets, writeQuery } from '../../../src/store/s3/targets.ts'
import { unicode } from './unicode.ts'

const STORE = new URL('https://store.example:9000')

describe('a key in a path', () => {
  test.each([
    ['a/b', 'a/b'],
    ['a//b/', 'a//b/'],
    ['../.././x', '../.././x'],
    ['%2e%2E/100%', '%252e%252E/100%25'],
    ['a b+c', 'a%20b%2Bc'],
    ["!'()*", '%21%27%28%29%2A'],
    ['?a=1&b#c', '%3Fa%3D1%26b%23c'],
    ['ü日🔑', '%C3%BC%E6%97%A5%F0%9F%94%91'],
    ['\u0000\r\n\u007f', '%00%0D%0A%7F'],
    ['~-_.', '~-_.'],
  ])('%j is %s', (key, path) => {
    expect(encodeKey(key)).toBe(path)
  })

  test('reads back the same, whatever it is, and holds nothing that a request line could not', () => {
    fc.assert(
      fc.property(unicode, key => {
        const path = encodeKey(key)
        expect(path).toMatch(/^[A-Za-z0-9\-._~/%]*$/)
        expect(decodeURIComponent(path)).toBe(key)
      }),
    )
  })

  test('has no path where it is not Unicode', () => {
    expect(() => encodeKey('\ud800')).toThrow(URIError)
  })
})

describe('a request goes', () => {
  test('to the bucket in the path', () => {
    const targets = new Targets(STORE, 'path')
    expect(targets.locate('bucket', 'k y')).toEqual({
      origin: 'https://store.example:9000',
      host: 'store.example:9000',
      path: '/bucket/k%20y',
    })
    expect(targets.locate('bucket').path).toBe('/bucket')
    expect(targets.locate().path).toBe('/')
  })

  test('to the bucket in the host', () => {
    const targets = new Targets(STORE, 'virtual-host')
    expect(targets.locate('bucket', 'key')).toEqual({
      origin: 'https://bucket.store.example:9000',
      host: 'bucket.store.example:9000',
      path: '/key',
    })
    expect(targets.locate('bucket').path).toBe('/')
  })

  test('to the bucket in the path where its name cannot be a host', () => {
    const targets = new Targets(STORE, 'virtual-host')
    for (const bucket of ['with.dots', 'Upper', 'under_score', 'x@evil.example', 'a/b'])
      expect(targets.locate(bucket).host).toBe('store.example:9000')
  })

  test('below the path that the endpoint has', () => {
    const targets = new Targets(new URL('http://store.example/storage/s3/'), 'path')
    expect(targets.locate('bucket', 'key')).toMatchObject({
      host: 'store.example',
      path: '/storage/s3/bucket/key',
    })
  })
})

test('a query is encoded and sorted by name', () => {
  const query = { uploadId: 'a/b+c=', partNumber: '1', 'a-b': '', a: '2', absent: undefined }
  expect(writeQuery(query)).toBe('a=2&a-b=&partNumber=1&uploadId=a%2Fb%2Bc%3D')
  expect(writeQuery({})).toBe('')
})
