import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PeerFailed, RequestRefused } from '../../src/wire/errors.ts'
import { endOfHead, readRequestHead, readResponseHead } from '../../src/wire/head.ts'
import { acceptsByGrammar } from './head-grammar.ts'
import { get, lines, REFUSED } from './refused-heads.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

function readRequest(text: string) {
  const all = bytes(text)
  return readRequestHead(all, all.length)
}

function refusal(text: string): string {
  try {
    readRequest(text)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error
    return error.code
  }
}

describe('a request head', () => {
  it('is read as it was written: names in lower case, values trimmed, doubles kept in order', () => {
    const head = readRequest(
      lines(
        'PUT /b/k%20e?x=y&z HTTP/1.1',
        'Host: s3.test:8700',
        'X-Amz-Meta-A: \t one  two \t',
        'x-amz-meta-a:',
        'Content-Length: 12',
      ),
    )
    expect(head).toMatchObject({
      method: 'PUT',
      target: '/b/k%20e?x=y&z',
      length: 12,
      keepAlive: true,
      legacy: false,
    })
    expect(head.headers.pairs).toEqual([
      ['host', 's3.test:8700'],
      ['x-amz-meta-a', 'one  two'],
      ['x-amz-meta-a', ''],
      ['content-length', '12'],
    ])
    expect(head.headers.get('x-amz-meta-a')).toBe('one  two,')
    expect(head.headers.all('x-amz-meta-a')).toEqual(['one  two', ''])
    expect(head.headers.get('absent')).toBeUndefined()
  })

  it('keeps octets above 0x7f in values and targets', () => {
    const head = readRequest(lines('GET /\xe4\xff HTTP/1.1', 'Host: h', 'x: \x80\xff'))
    expect([head.target, head.headers.get('x')]).toEqual(['/\xe4\xff', '\x80\xff'])
  })

  it.each([
    ['GET /a HTTP/1.1', true, false],
    ['GET /a HTTP/1.0', false, true],
  ])('%s keeps the connection: %s', (line, keepAlive, legacy) => {
    expect(readRequest(lines(line, 'Host: h'))).toMatchObject({ keepAlive, legacy })
  })

  it.each(['close', 'Close', 'keep-alive, close', 'te , CLOSE'])(
    'with Connection: %s is the last one',
    value => {
      expect(readRequest(get(`Connection: ${value}`)).keepAlive).toBe(false)
    },
  )

  it('with an absolute target is read as the path, where the authority is the one of Host', () => {
    expect(readRequest(lines('GET http://H:80/a?b HTTP/1.1', 'Host: h:80')).target).toBe('/a?b')
    expect(readRequest(lines('GET HTTPS://h HTTP/1.1', 'Host: h')).target).toBe('/')
    expect(readRequest(lines('GET http://h?b HTTP/1.1', 'Host: h')).target).toBe('/?b')
  })

  it('asks for 100 Continue by HTTP/1.1 only', () => {
    expect(readRequest(get('Expect: 100-Continue')).expectsContinue).toBe(true)
    expect(readRequest(lines('PUT /a HTTP/1.1', 'Host: h', 'Expect:')).expectsContinue).toBe(false)
    expect(readRequest(lines('GET /a HTTP/1.0', 'Host: h', 'Expect: 100-continue')).expectsContinue).toBe(
      false,
    )
  })
})

describe('a request is refused for', () => {
  it.each(REFUSED)('%s', (_why, text, code) => {
    expect(refusal(text)).toBe(code)
  })

  it('nothing where it has 200 fields and a line of 16 KiB', () => {
    const fields = Array.from({ length: 199 }, (_, at) => `x-${at}: y`)
    expect(readRequest(get(...fields)).headers.pairs).toHaveLength(200)
    const path = `/${'a'.repeat(16 * 1024 - 5)}`
    expect(readRequest(lines(`GET ${path} HTTP/1.1`, 'Host: h')).target).toBe(path)
  })
})

describe('the end of a head', () => {
  const head = bytes(get('X: y'))

  it('is found however the head is split', () => {
    for (let cut = 0; cut < head.length; cut++) {
      expect(endOfHead(head, 0, cut)).toBe('incomplete')
      expect(endOfHead(head, cut, head.length)).toBe(head.length)
    }
  })

  it('is told from what follows it', () => {
    expect(endOfHead(Buffer.concat([head, head]), 0, 2 * head.length)).toBe(head.length)
  })

  it.each(['GET /a HTTP/1.1\n', 'GET /a HTTP/1.1\r\nHost: h\n', '\r\n', '\n', '\x16\x03\x01', ' GET'])(
    'is not waited for after %j',
    text => {
      expect(endOfHead(bytes(text), 0, text.length)).toBe('malformed')
    },
  )
})

/** Pieces of which heads are made, well-formed and otherwise. */
const PIECES = [
  'GET',
  ' ',
  '/a',
  '?b',
  'HTTP/1.1',
  'HTTP/1.0',
  '\r\n',
  '\r',
  '\n',
  '\t',
  ':',
  'Host: h',
  'Host',
  'x',
  '\0',
  '\x7f',
  '\xff',
  '#',
  '"',
  'x: y',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  ',',
  'close',
]

describe('against the grammar of RFC 9112, written as one regular expression', () => {
  it('accepts and refuses the same heads', () => {
    const wild = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map(all => all.join(''))
    const spoilt = fc
      .tuple(
        fc.constantFrom(get(), get('X: y'), get('Content-Length: 5', 'A:b')),
        fc.nat(),
        fc.constantFrom(...PIECES),
        fc.nat(3),
      )
      .map(([text, at, piece, drop]) => {
        const place = at % (text.length - 4)
        return text.slice(0, place) + piece + text.slice(place + drop)
      })
    fc.assert(
      fc.property(fc.oneof(wild, spoilt), text => {
        const all = bytes(`${text}\r\n\r\n`)
        const end = endOfHead(all, 0, all.length)
        const accepted = typeof end === 'number' && refusal(all.toString('latin1', 0, end)) === 'accepted'
        expect(accepted).toBe(typeof end === 'number' && acceptsByGrammar(all.toString('latin1', 0, end)))
      }),
      { numRuns: process.env['SLOW'] ? 200_000 : 4_000 },
    )
  })

  it('reads back any field that can be written', () => {
    const name = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9a-z]{1,20}$/).filter(its => !CONTROL.has(its))
    const value = fc
      .array(
        fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9)),
        { maxLength: 60 },
      )
      .map(codes => String.fromCharCode(...codes).replace(/^[ \t]+|[ \t]+$/g, ''))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 30 }), fields => {
        const head = readRequest(get(...fields.map(([its, text]) => `${its}: \t${text} `)))
        expect(head.headers.pairs.slice(1)).toEqual(fields)
      }),
    )
  })
})

const CONTROL = new Set(['host', 'content-length', 'transfer-encoding', 'expect', 'connection'])

describe('a response head', () => {
  const read = (text: string, method = 'GET') => readResponseHead(bytes(text), text.length, method)
  const ok = (...fields: string[]) => lines('HTTP/1.1 200 OK', ...fields)

  it('tells how its body is framed', () => {
    expect(read(ok('Content-Length: 5'))).toMatchObject({ status: 200, length: 5, keepAlive: true })
    expect(read(ok('Transfer-Encoding: chunked'))).toMatchObject({ length: 'chunked' })
    expect(read(ok('Content-Length: 5'), 'HEAD').length).toBe(0)
    expect(read(lines('HTTP/1.1 304 ', 'Content-Length: 5')).length).toBe(0)
    expect(read(lines('HTTP/1.1 204 No Content')).length).toBe(0)
  })

  it('ends the connection where it says so, or is HTTP/1.0', () => {
    expect(read(ok('Content-Length: 5', 'Connection: close')).keepAlive).toBe(false)
    expect(read(lines('HTTP/1.0 200 OK', 'Content-Length: 5', 'Connection: keep-alive')).keepAlive).toBe(
      false,
    )
  })

  it.each([
    ['no length', ok()],
    ['two lengths', ok('Content-Length: 5', 'Content-Length: 5')],
    ['a length and chunks', ok('Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['another coding', ok('Transfer-Encoding: gzip, chunked')],
    ['two lengths for HEAD', lines('HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6')],
    ['a length in words', ok('Content-Length: five')],
    ['a folded line', ok('Content-Length: 5', ' X: y')],
    ['NUL in a value', ok('Content-Length: 5', 'X: \0')],
    ['no reason and no space', lines('HTTP/1.1 200', 'Content-Length: 5')],
    ['a status of two digits', lines('HTTP/1.1 20 OK', 'Content-Length: 5')],
    ['a status below 100', lines('HTTP/1.1 099 OK', 'Content-Length: 5')],
    ['HTTP/2', lines('HTTP/2 200 OK', 'Content-Length: 5')],
    ['201 fields', ok('Content-Length: 5', ...Array.from({ length: 200 }, () => 'x: y'))],
  ])('is refused for %s', (_why, text) => {
    expect(() => read(text)).toThrow(PeerFailed)
  })
})
