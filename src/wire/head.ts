import { PeerFailed, type RefusalCode, RequestRefused } from './errors.ts'
import type { Headers } from './exchange.ts'
import { readFields, TOKEN } from './fields.ts'

/**
 * Request and response heads (RFC 9112), read strictly: what two readers could understand in two ways is
 * refused, since such a difference is how a request is smuggled past a check. Bytes in, values out; no I/O.
 */

export const MAX_HEAD = 64 * 1024
const MAX_REQUEST_LINE = 16 * 1024
const MAX_METHOD = 32

const CR = 0x0d
const LF = 0x0a
const SP = 0x20

export interface RequestHead {
  readonly method: string
  /** Origin form; an absolute target comes without its scheme and authority, which equals Host. */
  readonly target: string
  readonly headers: Headers
  /** Bytes of body. */
  readonly length: number | 'chunked'
  /** HTTP/1.0: knows neither chunks nor 100 Continue, and its connection ends with the answer. */
  readonly legacy: boolean
  readonly keepAlive: boolean
  readonly expectsContinue: boolean
}

export interface ResponseHead {
  readonly status: number
  readonly headers: Headers
  /** Bytes of body; a body that only the end of the connection would end is refused. */
  readonly length: number | 'chunked'
  readonly keepAlive: boolean
}

/**
 * Finds the end of a head: the offset behind its empty line. `malformed` is said as soon as it is certain,
 * as of a bare LF, or a first byte that begins no head (an empty line; a TLS greeting on a plain port).
 * @param from how far an earlier call has looked
 */
export function endOfHead(bytes: Uint8Array, from: number, to: number): number | 'incomplete' | 'malformed' {
  if (from === 0 && to > 0 && !TOKEN[bytes[0]!]) return 'malformed'
  for (let at = from; at < to; at++) {
    if (bytes[at] !== LF) continue
    if (bytes[at - 1] !== CR) return 'malformed'
    if (bytes[at - 2] === LF) return at + 1
  }
  return 'incomplete'
}

const refuse = (code: RefusalCode) => new RequestRefused(code)

/**
 * Reads the head that stands in `bytes[0, end)`, `end` being what `endOfHead` found.
 * @throws RequestRefused
 */
export function readRequestHead(bytes: Buffer, end: number): RequestHead {
  const text = bytes.toString('latin1', 0, end)
  let at = 0
  while (TOKEN[bytes[at]!]) at++
  if (at === 0 || at > MAX_METHOD || bytes[at] !== SP) throw refuse('malformed-request-line')
  const method = text.slice(0, at)
  const targetStart = ++at
  while (isTargetByte(bytes[at]!)) at++
  if (at > MAX_REQUEST_LINE) throw refuse('request-line-too-long')
  if (at === targetStart || bytes[at] !== SP) throw refuse('malformed-request-line')
  const target = text.slice(targetStart, at)
  at++
  const legacy = readVersion(text, at)
  at += 'HTTP/1.1'.length
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw refuse('malformed-request-line')
  const headers = readFields(bytes, text, at + 2, end, refuse)

  if (method === 'CONNECT') throw refuse('unsupported-method')
  const control = readControlFields(headers)
  if (control.expect !== undefined && !legacy && control.expect.toLowerCase() !== '100-continue')
    throw refuse('unknown-expectation')
  return {
    method,
    target: originForm(target, control.host),
    headers,
    length: requestLength(control, legacy),
    legacy,
    keepAlive: !legacy && !control.close,
    expectsContinue: control.expect !== undefined && !legacy,
  }
}

/** Anything but controls, space and `#`, which no target holds (RFC 9112 3.2; raw octets above 0x7f are let be). */
function isTargetByte(byte: number): boolean {
  return byte > SP && byte !== 0x7f && byte !== 0x23
}

/** True for HTTP/1.0. */
function readVersion(text: string, at: number): boolean {
  if (text.startsWith('HTTP/1.1', at)) return false
  if (text.startsWith('HTTP/1.0', at)) return true
  throw refuse(
    /^HTTP\/\d\.\d\r/.test(text.slice(at, at + 9)) ? 'unsupported-version' : 'malformed-request-line',
  )
}

interface ControlFields {
  host: string
  close: boolean
  expect: string | undefined
  length: string | undefined
  coding: string | undefined
}

/** The fields that steer this connection, each at most once where a second could be read differently. */
function readControlFields(headers: Headers): ControlFields {
  let host: string | undefined
  let close = false
  let expect: string | undefined
  let length: string | undefined
  let coding: string | undefined
  for (const [name, value] of headers.pairs) {
    switch (name) {
      case 'host':
        if (host !== undefined) throw refuse('host-not-one')
        host = value
        break
      case 'content-length':
        // RFC 9112 6.3 would let equal doubles pass; nobody honest sends them.
        if (length !== undefined) throw refuse('ambiguous-length')
        length = value
        break
      case 'transfer-encoding':
        coding = coding === undefined ? value : `${coding},${value}`
        break
      case 'expect':
        // A list of expectations, and one may be empty (RFC 9110 10.1.1, 5.6.1.2).
        if (value !== '') expect = expect === undefined ? value : `${expect},${value}`
        break
      case 'connection':
        close ||= hasClose(value)
        break
    }
  }
  // HTTP/1.0 needs no Host, but a request without one has no signed authority and goes nowhere.
  if (host === undefined || !HOST.test(host)) throw refuse('host-not-one')
  return { host, close, expect, length, coding }
}

/** `uri-host [ ":" port ]` by its characters (RFC 3986 3.2.2, 3.2.3): no user, path, space or list. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+;=]+)(?::\d{0,5})?$/

function hasClose(value: string): boolean {
  if (value === 'keep-alive') return false
  return value.split(',').some(option => option.trim().toLowerCase() === 'close')
}

/** RFC 9112 3.2: a path, or an absolute URL whose authority is the one that Host names. */
function originForm(target: string, host: string): string {
  if (target.startsWith('/')) return target
  const absolute = /^https?:\/\/([^/?]*)(.*)$/is.exec(target)
  if (absolute === null) throw refuse('unsupported-target')
  const [, authority = '', rest = ''] = absolute
  if (authority === '' || authority.toLowerCase() !== host.toLowerCase()) throw refuse('host-not-one')
  return rest.startsWith('/') ? rest : `/${rest}`
}

/**
 * RFC 9112 6.1-6.3, without the cases in which a length would have to be guessed. Chunks must be taken: SDKs
 * send `aws-chunked` in them where they stream (botocore over HTTPS, the JavaScript SDK with a stream).
 */
function requestLength({ length, coding }: ControlFields, legacy: boolean): number | 'chunked' {
  if (coding !== undefined) {
    if (length !== undefined) throw refuse('ambiguous-length')
    if (coding.toLowerCase() !== 'chunked' || legacy) throw refuse('unknown-transfer-coding')
    return 'chunked'
  }
  if (length === undefined) return 0
  const bytes = readLength(length)
  if (bytes === undefined) throw refuse('ambiguous-length')
  return bytes
}

/** Decimal digits, at most 15 of them: exact as a number, and more than any store holds. */
function readLength(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

/**
 * Reads a response head as `readRequestHead` reads a request's.
 * @param method of the request it answers: HEAD has no body whatever the fields say
 * @throws PeerFailed `malformed-answer`
 */
export function readResponseHead(bytes: Buffer, end: number, method: string): ResponseHead {
  const text = bytes.toString('latin1', 0, end)
  const line = /^HTTP\/1\.([01]) ([1-9]\d\d) ([\t\x20-\x7e\x80-\xff]*)\r\n/.exec(text)
  if (line === null) throw malformed('its status line is not HTTP/1.1')
  const headers = readFields(bytes, text, line[0].length, end, code => malformed(code))
  const status = Number(line[2])
  const close = headers.all('connection').some(hasClose)
  return {
    status,
    headers,
    length: responseLength(status, method, headers),
    keepAlive: line[1] === '1' && !close,
  }
}

/** RFC 9112 6.3, but for bodies that end with the connection: nobody could tell a whole one from a cut one. */
function responseLength(status: number, method: string, headers: Headers): ResponseHead['length'] {
  const lengths = headers.all('content-length')
  const codings = headers.all('transfer-encoding')
  if (lengths.length + codings.length > 1) throw malformed('its body is framed twice')
  const length = lengths[0] === undefined ? undefined : readLength(lengths[0])
  if (lengths.length > 0 && length === undefined) throw malformed('its Content-Length is no number')
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  if (length !== undefined) return length
  if (codings[0]?.toLowerCase() === 'chunked') return 'chunked'
  throw malformed('its body has neither a length nor chunks')
}

const malformed = (why: string) => new PeerFailed('malformed-answer', `the answer is malformed: ${why}`)
