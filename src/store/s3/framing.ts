import type { Field } from './object-headers.ts'
import type { ChunkSigner } from './signature.ts'
import type { TrailingChecksum } from './trailing-checksum.ts'

/**
 * How a payload goes out, from the best to the plainest:
 * - `unsigned-trailer`: aws-chunked, a checksum behind the bytes. Costs next to nothing, as CRC-32 does.
 * - `signed-trailer`: the same with each chunk signed, for stores that refuse the first over plain HTTP.
 * - `plain`: nothing around the bytes. For parts only, since a part cut short is in no one's list.
 *
 * The first two cannot be taken for whole before their end has come, whatever Content-Length says:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export type PayloadForm = 'unsigned-trailer' | 'signed-trailer' | 'plain'

/** Puts a payload of known length into its form, piece by piece. */
export interface Framing {
  /** Bytes in all, with what stands around the payload. */
  readonly contentLength: number
  /** The pieces to send for these pieces of payload. */
  frame(pieces: readonly Uint8Array[]): Uint8Array[]
  /** What stands behind the last byte. @throws RangeError where bytes are missing */
  end(): Uint8Array[]
}

/** What `x-amz-content-sha256` says, and the headers that tell of a form. */
export function formFields(
  form: PayloadForm,
  length: number,
  checksum: TrailingChecksum,
): { payload: string; fields: Field[] } {
  if (form === 'plain') return { payload: 'UNSIGNED-PAYLOAD', fields: [] }
  return {
    payload:
      form === 'unsigned-trailer'
        ? 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
        : 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    fields: [
      ['content-encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', `${length}`],
      ['x-amz-trailer', trailerName(checksum)],
    ],
  }
}

export function framingOf(
  form: PayloadForm,
  length: number,
  checksum: TrailingChecksum,
  signer: ChunkSigner,
): Framing {
  if (form === 'plain') return new PlainFraming(length)
  return form === 'unsigned-trailer'
    ? new UnsignedFraming(length, checksum)
    : new SignedFraming(length, checksum, signer)
}

const trailerName = ({ algorithm }: TrailingChecksum) => `x-amz-checksum-${algorithm.toLowerCase()}`
const CRLF = Buffer.from('\r\n')

/** @throws RangeError where the pieces hold more than is left */
function assertFit(pieces: readonly Uint8Array[], left: number): void {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (length > left) throw new RangeError(`a payload has ${length - left} bytes more than it announced`)
}

function assertNoneLeft(left: number): void {
  if (left > 0) throw new RangeError(`a payload ends ${left} bytes before its announced length`)
}

class PlainFraming implements Framing {
  readonly contentLength: number
  #left: number

  constructor(length: number) {
    this.contentLength = length
    this.#left = length
  }

  frame(pieces: readonly Uint8Array[]): Uint8Array[] {
    assertFit(pieces, this.#left)
    for (const piece of pieces) this.#left -= piece.length
    return [...pieces]
  }

  end(): Uint8Array[] {
    assertNoneLeft(this.#left)
    return []
  }
}

/**
 * Chunks of one size, so that the whole length is known before the first byte; no piece is copied. Large ones,
 * since each costs the store a turn: AWS's SDK for Go sends an object as one chunk, minio takes up to 16 MiB. As
 * large as what is sealed at once, fifteen segments, so that few pieces are cut.
 */
const UNSIGNED_CHUNK = 15 * 64 * 1024
const UNSIGNED_HEAD = Buffer.from(`${UNSIGNED_CHUNK.toString(16)}\r\n`)
const UNSIGNED_NEXT = Buffer.concat([CRLF, UNSIGNED_HEAD])

class UnsignedFraming implements Framing {
  readonly contentLength: number
  readonly #length: number
  #left: number
  #inChunk = 0
  readonly #trailer: Trailer

  constructor(length: number, checksum: TrailingChecksum) {
    this.#length = length
    this.#left = length
    this.#trailer = new Trailer(checksum)
    this.contentLength = chunkedLength(length, UNSIGNED_CHUNK, 0) + this.#trailer.length + 2
  }

  frame(pieces: readonly Uint8Array[]): Uint8Array[] {
    assertFit(pieces, this.#left)
    const out: Uint8Array[] = []
    for (const piece of pieces) {
      this.#trailer.update(piece)
      for (let at = 0; at < piece.length; ) {
        if (this.#inChunk === 0) this.#begin(out)
        const some = piece.subarray(at, at + this.#inChunk)
        out.push(some)
        this.#inChunk -= some.length
        this.#left -= some.length
        at += some.length
      }
    }
    return out
  }

  end(): Uint8Array[] {
    assertNoneLeft(this.#left)
    const before = this.#length > 0 ? '\r\n' : ''
    return [Buffer.from(`${before}0\r\n${this.#trailer.lines()}\r\n`)]
  }

  #begin(out: Uint8Array[]): void {
    const isFirst = this.#left === this.#length
    if (this.#left >= UNSIGNED_CHUNK) {
      out.push(isFirst ? UNSIGNED_HEAD : UNSIGNED_NEXT)
      this.#inChunk = UNSIGNED_CHUNK
    } else {
      out.push(Buffer.from(`${isFirst ? '' : '\r\n'}${this.#left.toString(16)}\r\n`))
      this.#inChunk = this.#left
    }
  }
}

/** A signature stands before its chunk, so a chunk is gathered whole first: small ones. AWS asks for 8 KiB or more. */
const SIGNED_CHUNK = 64 * 1024
const CHUNK_SIGNATURE = ';chunk-signature='
const TRAILER_SIGNATURE = 'x-amz-trailer-signature:'
const SIGNATURE_LENGTH = 64

class SignedFraming implements Framing {
  readonly contentLength: number
  #left: number
  readonly #signer: ChunkSigner
  #chunk: Buffer
  #filled = 0
  readonly #trailer: Trailer

  constructor(length: number, checksum: TrailingChecksum, signer: ChunkSigner) {
    this.#left = length
    this.#signer = signer
    this.#trailer = new Trailer(checksum)
    this.#chunk = Buffer.allocUnsafe(Math.min(SIGNED_CHUNK, length))
    const extension = CHUNK_SIGNATURE.length + SIGNATURE_LENGTH
    const trailer = this.#trailer.length + TRAILER_SIGNATURE.length + SIGNATURE_LENGTH + 4
    this.contentLength = chunkedLength(length, SIGNED_CHUNK, extension) + trailer
  }

  frame(pieces: readonly Uint8Array[]): Uint8Array[] {
    assertFit(pieces, this.#left)
    const out: Uint8Array[] = []
    for (const piece of pieces) {
      this.#trailer.update(piece)
      for (let at = 0; at < piece.length; ) {
        const some = piece.subarray(at, at + this.#chunk.length - this.#filled)
        this.#left -= some.length
        this.#chunk.set(some, this.#filled)
        this.#filled += some.length
        at += some.length
        if (this.#filled === this.#chunk.length) this.#push(out)
      }
    }
    return out
  }

  end(): Uint8Array[] {
    assertNoneLeft(this.#left)
    const last = this.#signer.chunk(new Uint8Array())
    const lines = this.#trailer.lines()
    const signature = this.#signer.trailer(lines.replaceAll('\r\n', '\n'))
    return [Buffer.from(`0${CHUNK_SIGNATURE}${last}\r\n${lines}${TRAILER_SIGNATURE}${signature}\r\n\r\n`)]
  }

  /** Hands the gathered chunk out and gathers the next in new memory: this one is still on its way. */
  #push(out: Uint8Array[]): void {
    const head = `${this.#filled.toString(16)}${CHUNK_SIGNATURE}${this.#signer.chunk(this.#chunk)}\r\n`
    out.push(Buffer.from(head), this.#chunk, CRLF)
    this.#chunk = Buffer.allocUnsafe(Math.min(SIGNED_CHUNK, this.#left))
    this.#filled = 0
  }
}

/** Bytes of a chunked body up to and with its last chunk's line. @param extension bytes behind each size */
function chunkedLength(length: number, chunk: number, extension: number): number {
  const chunkOf = (size: number) => size.toString(16).length + extension + 2 + size + 2
  const rest = length % chunk
  const last = 1 + extension + 2
  return Math.floor(length / chunk) * chunkOf(chunk) + (rest > 0 ? chunkOf(rest) : 0) + last
}

/** The lines behind the last chunk. */
class Trailer {
  /** Bytes of them. */
  readonly length: number
  readonly #name: string
  readonly #digest: ReturnType<TrailingChecksum['digest']>

  constructor(checksum: TrailingChecksum) {
    this.#name = trailerName(checksum)
    this.#digest = checksum.digest()
    this.length = this.#name.length + 1 + 4 * Math.ceil(checksum.length / 3) + 2
  }

  update(bytes: Uint8Array): void {
    this.#digest.update(bytes)
  }

  lines(): string {
    return `${this.#name}:${Buffer.from(this.#digest.digest()).toString('base64')}\r\n`
  }
}
