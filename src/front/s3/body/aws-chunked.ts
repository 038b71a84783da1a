import { createHash, type Hash, hash } from 'node:crypto'
import type { Body, Sink, UnsizedBody } from '../../../wire/body.ts'
import type { ChunkSigning } from '../auth/authenticate.ts'
import { sameSignature, signature } from '../auth/signature.ts'
import { S3Error } from '../errors.ts'

/** Bytes of a chunk header or trailer line; the longest honest one is a hash in base64 or a signature. */
const MAX_LINE = 512
/** S3's: only the last chunk may be smaller. */
const MIN_CHUNK = 8192
/** What is read behind the last data byte: the end of the framing and the trailer. */
const TAIL_SPACE = 1024

const EMPTY_SHA256 = hash('sha256', '', 'hex')
const CR = 0x0d
const LF = 0x0a

export interface AwsChunked {
  /** Bytes of data, as `x-amz-decoded-content-length` says. */
  readonly length: number
  /** How each chunk is signed; absent: not at all. */
  readonly signing?: ChunkSigning
  /** The name of the trailer that `x-amz-trailer` announced. */
  readonly trailer?: string
}

/**
 * A body in `aws-chunked` coding ("Signature Calculations for the Authorization Header: Transferring Payload in
 * Multiple Chunks", Amazon S3 API Reference): `size[;chunk-signature=…]CRLF data CRLF`, a chunk of size 0, the
 * trailer. It is decoded where it stands: data moves down over the chunk headers in the reader's own memory.
 */
export class AwsChunkedBody implements Body {
  readonly length: number
  readonly #source: Body | UnsizedBody
  readonly #coding: AwsChunked
  #trailer: string | undefined

  constructor(source: Body | UnsizedBody, coding: AwsChunked) {
    this.length = coding.length
    this.#source = source
    this.#coding = coding
  }

  /** The announced trailer's value, once `readInto` has resolved. */
  get trailerValue(): string | undefined {
    return this.#trailer
  }

  /**
   * @throws S3Error IncompleteBody for broken framing and wrong lengths, SignatureDoesNotMatch,
   *   MalformedTrailerError, InvalidChunkSizeError
   */
  async readInto(sink: Sink): Promise<void> {
    const decoder = new Decoder(sink, this.#coding)
    await this.#source.readInto(decoder)
    this.#trailer = decoder.end()
  }

  discard(): void {
    this.#source.discard()
  }
}

type State = 'header' | 'data' | 'data-end' | 'trailer' | 'trailer-signature' | 'last-line' | 'end'

class Decoder implements Sink {
  readonly #sink: Sink
  readonly #coding: AwsChunked
  readonly #signatures: ChunkSignatures | undefined
  #state: State = 'header'
  /** What of a line has come so far. */
  #line = ''
  /** Data bytes that the chunk still has. */
  #left = 0
  #previousSize = MIN_CHUNK
  #decoded = 0
  #space: Uint8Array = new Uint8Array(0)
  #reported = true
  #tail: Uint8Array | undefined
  #trailer: string | undefined

  constructor(sink: Sink, coding: AwsChunked) {
    this.#sink = sink
    this.#coding = coding
    this.#signatures = coding.signing && new ChunkSignatures(coding.signing)
  }

  space(): Uint8Array {
    if (this.#decoded === this.#coding.length) {
      this.#tail ??= new Uint8Array(TAIL_SPACE)
      this.#space = this.#tail
    } else if (this.#reported) {
      this.#space = this.#sink.space()
      // Until data is reported, the sink has not heard of its space being used, and it still is free.
      this.#reported = false
    }
    return this.#space
  }

  filled(length: number): Promise<void> | undefined {
    const bytes = this.#space
    let read = 0
    let kept = 0
    while (read < length) {
      if (this.#state === 'data') {
        const run = this.#dataRun(bytes, read, length, kept)
        if (read !== kept) bytes.copyWithin(kept, read, read + run)
        this.#signatures?.update(bytes.subarray(kept, kept + run))
        read += run
        kept += run
      } else {
        read = this.#readLine(bytes, read, length, kept)
      }
    }
    if (kept === 0) return undefined
    this.#decoded += kept
    this.#reported = true
    return this.#sink.filled(kept)
  }

  /** All bytes have come: the trailer's value. */
  end(): string | undefined {
    if (this.#state !== 'end') throw new S3Error('IncompleteBody')
    return this.#trailer
  }

  /** How many of `bytes[from, to)` are data of this chunk. */
  #dataRun(bytes: Uint8Array, from: number, to: number, kept: number): number {
    const expected = this.#coding.length - this.#decoded - kept
    // More than was announced; or a chunk shorter than its header says, if its end comes now.
    if (expected === 0) throw bytes[from] === CR ? new S3Error('IncompleteBody') : wrongLength()
    const run = Math.min(this.#left, to - from, expected)
    this.#left -= run
    if (this.#left === 0) this.#state = 'data-end'
    return run
  }

  /** Takes bytes up to the end of a line and reads the line; returns where it ended. */
  #readLine(bytes: Uint8Array, from: number, to: number, kept: number): number {
    if (this.#state === 'end') throw new S3Error('IncompleteBody')
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from)
    const end = piece.indexOf(LF)
    const taken = end < 0 ? piece.length : end + 1
    if (this.#line.length + taken > MAX_LINE) throw new S3Error('IncompleteBody')
    this.#line += piece.toString('latin1', 0, taken)
    if (end >= 0) {
      const line = this.#line
      this.#line = ''
      this.#lineRead(line, kept)
    }
    return from + taken
  }

  #lineRead(line: string, kept: number): void {
    // minio-go ends a signed trailer with LF CR LF, as AWS's own example does: an empty line too many.
    if (this.#state === 'trailer-signature' && line === '\r\n') return
    const text = this.#state === 'trailer' && this.#signatures ? line.replace(/\r?\n$/, '') : withoutEnd(line)
    if (text.includes('\r')) throw new S3Error('IncompleteBody')
    switch (this.#state) {
      case 'header':
        this.#headerRead(text, kept)
        break
      case 'data-end':
        if (text !== '') throw new S3Error('IncompleteBody')
        this.#signatures?.checkChunk()
        this.#state = 'header'
        break
      case 'trailer':
        this.#trailerRead(text)
        break
      case 'trailer-signature':
        this.#signatures?.checkTrailer(`${this.#coding.trailer}:${this.#trailer}\n`, trailerSignature(text))
        this.#state = 'last-line'
        break
      case 'last-line':
        if (text !== '') throw new S3Error('IncompleteBody')
        this.#state = 'end'
    }
  }

  #headerRead(text: string, kept: number): void {
    const match = (this.#signatures ? SIGNED_HEADER : PLAIN_HEADER).exec(text)
    if (!match) throw new S3Error('IncompleteBody')
    const size = Number.parseInt(match[1]!, 16)
    this.#signatures?.begin(match[2]!)
    if (size === 0) {
      this.#signatures?.checkChunk()
      if (this.#decoded + kept !== this.#coding.length) throw wrongLength()
      this.#state = 'trailer'
      return
    }
    if (this.#previousSize < MIN_CHUNK) throw new S3Error('InvalidChunkSizeError')
    this.#previousSize = size
    this.#left = size
    this.#state = 'data'
  }

  #trailerRead(text: string): void {
    const { trailer } = this.#coding
    if (trailer === undefined && text === '') {
      this.#state = 'end'
      return
    }
    const colon = text.indexOf(':')
    if (colon < 0 || text.slice(0, colon).trim().toLowerCase() !== trailer)
      throw new S3Error('MalformedTrailerError')
    this.#trailer = text.slice(colon + 1).trim()
    this.#state = this.#signatures ? 'trailer-signature' : 'last-line'
  }
}

const PLAIN_HEADER = /^([0-9a-fA-F]{1,12})$/
const SIGNED_HEADER = /^([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})$/

function withoutEnd(line: string): string {
  if (!line.endsWith('\r\n')) throw new S3Error('IncompleteBody')
  return line.slice(0, -2)
}

function trailerSignature(text: string): string {
  const match = /^x-amz-trailer-signature:([0-9a-f]{64})$/i.exec(text)
  if (!match) throw new S3Error('IncompleteBody')
  return match[1]!
}

const wrongLength = () =>
  new S3Error(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  )

/** The chain of signatures: each speaks for its chunk and for the signature before it. */
class ChunkSignatures {
  readonly #signing: ChunkSigning
  #previous: string
  #given = ''
  #sha256: Hash = createHash('sha256')

  constructor(signing: ChunkSigning) {
    this.#signing = signing
    this.#previous = signing.seed
  }

  /** A chunk begins that claims this signature. */
  begin(given: string): void {
    this.#given = given
    this.#sha256 = createHash('sha256')
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes)
  }

  /** @throws S3Error SignatureDoesNotMatch */
  checkChunk(): void {
    const digest = this.#sha256.digest('hex')
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_SHA256}\n${digest}`, this.#given)
  }

  /** @throws S3Error SignatureDoesNotMatch */
  checkTrailer(lines: string, given: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', hash('sha256', Buffer.from(lines, 'latin1'), 'hex'), given)
  }

  #check(algorithm: string, digests: string, given: string): void {
    const { signingKey, time, scope } = this.#signing
    const text = `${algorithm}\n${time}\n${scope}\n${this.#previous}\n${digests}`
    const expected = signature(signingKey, text)
    if (!sameSignature(expected, given))
      throw new S3Error('SignatureDoesNotMatch', undefined, {
        details: { StringToSign: text, SignatureProvided: given },
      })
    this.#previous = expected
  }
}
