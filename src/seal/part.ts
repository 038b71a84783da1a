import { expectLength } from './aead.ts'
import type { Dek } from './dek.ts'
import { DoesNotOpen } from './errors.ts'
import { hkdf } from './hkdf.ts'
import { PART_HEADER, partLength, SEGMENT, SEGMENT_ROOM, segmentCount, TAG } from './lengths.ts'
import { LABEL } from './suite.ts'

/**
 * A part is one ciphertext of Tink's AES256_GCM_HKDF streaming AEAD with HKDF-SHA-256 and segments of 65,536
 * bytes (developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming): any Tink library opens it.
 */
export interface PartHeader {
  /** 32 random bytes. */
  readonly salt: Uint8Array
  /** 7 random bytes. */
  readonly noncePrefix: Uint8Array
}

const SALT = 32
const NONCE_PREFIX = 7
/** Random bytes of a part header. */
export const PART_RANDOM = SALT + NONCE_PREFIX
/** The number of a part that a client did not number: the only part of a PUT. */
export const UNNUMBERED = 0

/**
 * The header of one attempt to send a part.
 * @param random 39 bytes, fresh for every attempt: the same part sent twice must never share them
 */
export function partHeader(random: Uint8Array): PartHeader {
  expectLength('part header', random, PART_RANDOM)
  return { salt: random.subarray(0, SALT), noncePrefix: random.subarray(SALT) }
}

/** Seals one part, segment after segment. */
export class PartSealer {
  readonly #dek: Dek
  readonly #header: PartHeader
  readonly #key: Uint8Array
  #next = 0
  #ended = false

  /**
   * @param number the client's part number, or UNNUMBERED
   * @param header never used before
   */
  constructor(dek: Dek, header: PartHeader, number: number) {
    this.#dek = dek
    this.#header = header
    this.#key = segmentKey(dek, header, number)
  }

  /** Plaintext bytes of the next segment, unless it is the last and shorter. */
  get room(): number {
    return segmentRoom(this.#next)
  }

  /**
   * Seals the next segment.
   * @param plaintext exactly `room` bytes; the last segment one byte at least, unless the part is empty
   * @param last whether the part ends here
   * @param into takes the stored bytes: a segment, or less where the plaintext is shorter. The plaintext is not
   *   touched by it, or stands where its ciphertext will
   * @returns the stored bytes, at the start of `into`
   */
  sealSegment(plaintext: Uint8Array, last: boolean, into: Uint8Array): Uint8Array {
    const index = this.#next
    const fits = last
      ? plaintext.length <= this.room && (plaintext.length > 0 || index === 0)
      : plaintext.length === this.room
    if (this.#ended || !fits) {
      throw new RangeError(
        `segment ${index} takes ${this.room} bytes, not ${plaintext.length}, and none follows the last`,
      )
    }
    this.#next += 1
    this.#ended = last
    const nonce = segmentNonce(this.#header, index, last)
    const start = index === 0 ? PART_HEADER : 0
    const end = start + plaintext.length + TAG
    this.#dek.engine.seal(this.#key, nonce, plaintext, into.subarray(start, end))
    if (start > 0) into.set(headerBytes(this.#header))
    return into.subarray(0, end)
  }
}

/** Opens the segments of one part, in any order. */
export class PartOpener {
  /** How many segments there are. Each is 65,536 stored bytes, the last fewer; the first holds the header. */
  readonly segments: number
  readonly #dek: Dek
  readonly #header: PartHeader
  readonly #key: Uint8Array
  readonly #stored: number

  /**
   * @param header as the envelope or the table has it, not as it stands before the ciphertext
   * @param plain the part's plaintext bytes, authenticated: they tell which segment is the last
   */
  constructor(dek: Dek, header: PartHeader, number: number, plain: number) {
    this.#dek = dek
    this.#header = header
    this.#key = segmentKey(dek, header, number)
    this.#stored = partLength(plain)
    this.segments = segmentCount(plain)
  }

  /** Stored bytes of a segment, header and tag included. */
  segmentLength(index: number): number {
    return Math.min(SEGMENT, this.#stored - index * SEGMENT)
  }

  /**
   * Opens one segment.
   * @param sealed `segmentLength(index)` bytes
   * @param into takes the plaintext: a segment, or less where the sealed one is shorter; untouched by `sealed`.
   *   Where it is left out, the plaintext replaces its ciphertext
   * @returns the plaintext
   * @throws DoesNotOpen
   */
  openSegment(index: number, sealed: Uint8Array, into?: Uint8Array): Uint8Array {
    if (index < 0 || index >= this.segments)
      throw new RangeError(`there are ${this.segments} segments, no ${index}`)
    if (sealed.length !== this.segmentLength(index)) throw new DoesNotOpen()
    const start = index === 0 ? PART_HEADER : 0
    if (index === 0 && Buffer.compare(sealed.subarray(0, start), headerBytes(this.#header)) !== 0)
      throw new DoesNotOpen()
    const nonce = segmentNonce(this.#header, index, index === this.segments - 1)
    const message = sealed.subarray(start)
    const plaintext = (into ?? message).subarray(0, message.length - TAG)
    this.#dek.engine.open(this.#key, nonce, message, plaintext)
    return plaintext
  }
}

/** Plaintext bytes that a segment holds unless it is the last. */
const segmentRoom = (index: number): number => (index === 0 ? SEGMENT_ROOM - PART_HEADER : SEGMENT_ROOM)

/** Nonce of a segment: prefix 7, number 4 (big-endian), one byte that is 1 for the last and else 0. */
export function segmentNonce(header: PartHeader, index: number, last: boolean): Uint8Array {
  const nonce = Buffer.alloc(NONCE_PREFIX + 5)
  nonce.set(header.noncePrefix)
  nonce.writeUInt32BE(index, NONCE_PREFIX)
  nonce[NONCE_PREFIX + 4] = last ? 1 : 0
  return nonce
}

/** The 40 bytes before the first segment: their number, the salt, the nonce prefix. */
export function headerBytes(header: PartHeader): Uint8Array {
  const bytes = Buffer.allocUnsafe(PART_HEADER)
  bytes[0] = PART_HEADER
  bytes.set(header.salt, 1)
  bytes.set(header.noncePrefix, 1 + SALT)
  return bytes
}

/** Associated data of a part: a label, and the client's number in 4 bytes. */
export function partData(number: number): Uint8Array {
  const data = Buffer.alloc(LABEL.partNumber.length + 4)
  data.set(LABEL.partNumber)
  data.writeUInt32BE(number, LABEL.partNumber.length)
  return data
}

const segmentKey = (dek: Dek, header: PartHeader, number: number): Uint8Array =>
  hkdf(dek.engine, dek.partKey(), header.salt, partData(number))
