/** What goes wrong on the wire, as classes with stable codes. `BodyCut` stands with the contract, in body.ts. */

/** Why a request was refused before a handler saw it; the status is the one RFC 9110 and 9112 name. */
const REFUSALS = {
  'malformed-head': [
    400,
    'This is no HTTP/1.1 request head. Lines end with CR LF; TLS is not spoken on this port.',
  ],
  'malformed-request-line': [400, 'The request line is not HTTP/1.1 as RFC 9112 section 3 writes it.'],
  'malformed-field': [400, 'A header field is not written as RFC 9112 section 5 asks.'],
  'request-line-too-long': [414, 'The request line is longer than 16 KiB. Shorten the target.'],
  'head-too-large': [431, 'The request head is larger than 64 KiB. Send fewer or shorter fields.'],
  'too-many-fields': [431, 'The request has more than 200 header fields. Send fewer.'],
  'host-not-one': [
    400,
    'A request needs exactly one Host field, equal to the authority of an absolute target.',
  ],
  'ambiguous-length': [400, 'The length of the body can be read in two ways. Send one Content-Length.'],
  'unknown-transfer-coding': [501, 'This transfer coding is not supported. Send a Content-Length instead.'],
  'unsupported-version': [505, 'Only HTTP/1.1 and HTTP/1.0 are spoken here.'],
  'unsupported-method': [501, 'CONNECT is not supported: this is not a forward proxy.'],
  'unsupported-target': [400, 'The request target is no path and no absolute URL.'],
  'unknown-expectation': [417, 'The only expectation that can be met is 100-continue.'],
  'head-timeout': [408, 'The request head did not come whole in time.'],
} as const
export type RefusalCode = keyof typeof REFUSALS

/** A request that broke HTTP/1.1, or asked of it what is not spoken here. The connection ends with the answer. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly code: RefusalCode
  readonly status: number

  constructor(code: RefusalCode) {
    const [status, sentence] = REFUSALS[code]
    super(sentence)
    this.code = code
    this.status = status
  }
}

export type PeerFailureCode =
  /** No connection came about: refused, unknown name, certificate not trusted, timeout. */
  | 'unreachable'
  /** The connection broke before an answer. */
  | 'lost'
  /** The peer did not answer, or did not take bytes, in time. */
  | 'stalled'
  /** The answer is not HTTP/1.1, or its framing is not one this client takes. */
  | 'malformed-answer'
  /** The answer's body is larger than the cap its reader set. */
  | 'answer-too-large'
  /** This side gave up: `abort`, `discard` or `close`. */
  | 'aborted'

/** A peer that could not be reached, went away, stalled or broke the protocol. */
export class PeerFailed extends Error {
  override readonly name = 'PeerFailed'
  readonly code: PeerFailureCode

  constructor(code: PeerFailureCode, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.code = code
  }
}

/** The peer answered before the whole request was out. Nothing more is sent; the answer tells why. */
export class AnsweredEarly extends Error {
  override readonly name = 'AnsweredEarly'

  constructor() {
    super('the peer answered before it had the whole request; the upload has stopped')
  }
}
