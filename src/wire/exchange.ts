import type { Body, UnsizedBody, Writer } from './body.ts'

/**
 * One HTTP/1.1 request and its answer, as the front sees them. The bytes were checked strictly (RFC 9112):
 * one Host, one framing, no bare LF, no obs-fold; nothing was merged, decoded or normalised.
 */
export interface Request {
  readonly method: string
  /** The request target as it stood on the line, octets as latin1. */
  readonly target: string
  readonly headers: Headers
  readonly body: Body | UnsizedBody
  /** The peer's address; never taken from a header. */
  readonly remoteAddress: string
  readonly secure: boolean
}

/** Header fields in the order they came. Names are lower case, values octets as latin1, trimmed. */
export interface Headers {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** The value of a field that may stand once; repeated values are joined with `,` as RFC 9110 5.3 says. */
  get(name: string): string | undefined
  all(name: string): readonly string[]
}

/** Answer fields; a name may stand twice. Values are octets as latin1. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** The one answer to a request. Exactly one of its methods is called, once. */
export interface Reply {
  /** The whole answer at once. For HEAD and 304 the body is empty and `length` announces what GET would hold. */
  send(status: number, fields: Fields, body: Uint8Array, length?: number): Promise<void>
  /** An answer of `length` bytes. `end` must follow when all were written. */
  stream(status: number, fields: Fields, length: number): ReplyBody
  /** An answer whose length is not known yet (`Transfer-Encoding: chunked`). */
  streamChunked(status: number, fields: Fields): ReplyBody
  readonly started: boolean
}

export interface ReplyBody extends Writer {
  end(): Promise<void>
  /** Breaks the connection, so that the client cannot take what it has for the whole. */
  cut(): void
}

export type Handler = (request: Request, reply: Reply) => Promise<void>
