import { DoesNotOpen } from './errors.ts'

/** Header fields of an object: lower-case names, values as octets in latin1, as they came. */
export type Headers = readonly (readonly [name: string, value: string])[]

/**
 * The application's headers as bytes. A field is its name, then its value behind its length:
 *
 *     name   1-63           a well-known name by its code
 *            128 + n, n     user metadata: the n (1 to 127) bytes after `x-amz-meta-`
 *            64, n, n       user metadata with another length, n in two bytes
 *            65, n, n       any other name, n in two bytes
 *     value  n, n           n below 128 in one byte, else 32,768 + n in two
 *
 * So the usual field costs two bytes more than its name and value, and a legal S3 set fits.
 */
export function encodeHeaders(headers: Headers): Uint8Array {
  const pieces: Uint8Array[] = []
  for (const [name, value] of headers) {
    if (name !== name.toLowerCase()) throw new TypeError('header names are lower case')
    pieces.push(encodeName(name), encodeValue(octets(value)))
  }
  return Buffer.concat(pieces)
}

/** @throws DoesNotOpen for bytes that `encodeHeaders` does not make */
export function decodeHeaders(bytes: Buffer): Headers {
  const headers: [string, string][] = []
  let at = 0
  const take = (length: number): Buffer => {
    at += length
    if (at > bytes.length) throw new DoesNotOpen()
    return bytes.subarray(at - length, at)
  }
  const takeName = (): string => {
    const code = take(1)[0]!
    if (code > 128) return USER_PREFIX + take(code - 128).toString('latin1')
    if (code === LONG_USER) return USER_PREFIX + take(take(2).readUInt16BE()).toString('latin1')
    if (code === OTHER_NAME) return take(take(2).readUInt16BE()).toString('latin1')
    const known = WELL_KNOWN[code - 1]
    if (known === undefined) throw new DoesNotOpen()
    return known
  }
  const takeValue = (): string => {
    const first = take(1)[0]!
    const length = first < 128 ? first : (first - 128) * 256 + take(1)[0]!
    return take(length).toString('latin1')
  }
  while (at < bytes.length) headers.push([takeName(), takeValue()])
  return headers
}

const USER_PREFIX = 'x-amz-meta-'
const LONG_USER = 64
const OTHER_NAME = 65
const MAX_VALUE = 32_767

/** Code 1 onwards. New names go to the end; none is ever taken out. */
const WELL_KNOWN = [
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
]

function encodeName(name: string): Uint8Array {
  const known = WELL_KNOWN.indexOf(name)
  if (known >= 0) return Uint8Array.of(known + 1)
  const isUser = name.startsWith(USER_PREFIX)
  const bytes = octets(isUser ? name.slice(USER_PREFIX.length) : name)
  if (isUser && bytes.length > 0 && bytes.length < 128)
    return Buffer.concat([Uint8Array.of(128 + bytes.length), bytes])
  if (bytes.length > 0xffff) throw new RangeError('a header name holds 65,535 bytes at most')
  return Buffer.concat([
    Uint8Array.of(isUser ? LONG_USER : OTHER_NAME, bytes.length >> 8, bytes.length & 0xff),
    bytes,
  ])
}

function encodeValue(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length > MAX_VALUE) throw new RangeError(`a header value holds ${MAX_VALUE} bytes at most`)
  const lead = length < 128 ? Uint8Array.of(length) : Uint8Array.of(128 + (length >> 8), length & 0xff)
  return Buffer.concat([lead, bytes])
}

function octets(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'latin1')
  // Node drops the upper bits of what is no octet: two values would become one.
  if (bytes.toString('latin1') !== text) throw new TypeError('headers are octets as latin1')
  return bytes
}
