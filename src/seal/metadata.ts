import { type ChecksumKind, checksumCodes, checksumKind } from './checksum-codes.ts'
import type { Dek } from './dek.ts'
import { ENVELOPE_TEXT, type Envelope, envelopeText, readEnvelope } from './envelope.ts'
import { DoesNotOpen, MetadataTooLarge } from './errors.ts'
import { decodeHeaders, encodeHeaders, type Headers } from './headers.ts'
import { plaintextLength, storedLength } from './lengths.ts'
import { readUint64, writeUint64 } from './uint64.ts'
import { XAES_NONCE, XAES_TAG } from './xaes.ts'

/** What is sealed beside the payload. */
export interface Metadata {
  readonly headers: Headers
  /** When it was written (for a multipart object: begun), in milliseconds since 1970. */
  readonly writtenAt: number
  /** Plaintext bytes of a single part; absent for a multipart object, where the summary has them. */
  readonly size?: number
  /** The checksum that the summary holds the value of. */
  readonly checksum?: ChecksumKind
}

/** What the store is given to keep beside the payload: ASCII. Names are those after `x-amz-meta-`. */
export interface StoredHeaders {
  readonly metadata: Readonly<Record<string, string>>
  /** What the user metadata has no room for. */
  readonly contentDisposition?: string
}

const ENVELOPE_NAME = 'th1'
const METADATA_NAME = 'th1m'

/**
 * Stores grant 2,048 bytes of user metadata, names counted, by some with their prefix `x-amz-meta-` of 11
 * bytes: 1,800 characters remain beside the envelope.
 */
const METADATA_TEXT = Math.floor((2_048 - (11 + 3 + ENVELOPE_TEXT) - (11 + 4)) / 4) * 4
/** Of the 2,048 bytes for system headers, the rest is left to Content-Type, storage class and the like. */
const OVERFLOW_TEXT = 1_900
/** Bytes that headers may have when encoded, for either kind. */
export const MAX_HEADERS = ((METADATA_TEXT + OVERFLOW_TEXT) * 3) / 4 - XAES_NONCE - XAES_TAG - 18

/**
 * Seals an object's metadata under its envelope and spreads it over what stores keep.
 * @param nonce 24 bytes, random each time: copies share the key
 * @throws MetadataTooLarge
 */
export function sealMetadata(
  dek: Dek,
  envelope: Envelope,
  metadata: Metadata,
  nonce: Uint8Array,
): StoredHeaders {
  const plain = encode(envelope, metadata)
  const sealed = dek.metadataKey().seal(nonce, plain, envelope.bytes)
  const text = Buffer.concat([nonce, sealed]).toString('base64url')
  return {
    metadata: { [ENVELOPE_NAME]: envelopeText(envelope), [METADATA_NAME]: text.slice(0, METADATA_TEXT) },
    ...(text.length > METADATA_TEXT && { contentDisposition: text.slice(METADATA_TEXT) }),
  }
}

/** The envelope and the sealed metadata that belong together. */
export interface SealedHeaders {
  readonly envelope: Envelope
  /** Nonce, ciphertext, tag. */
  readonly sealedMetadata: Uint8Array
}

/**
 * Reads what the store kept.
 * @returns `undefined` where there is no envelope at all: the object was not sealed
 * @throws DoesNotOpen where there is one that is none
 */
export function readStoredHeaders(stored: StoredHeaders): SealedHeaders | undefined {
  const envelope = stored.metadata[ENVELOPE_NAME]
  if (envelope === undefined) return undefined
  const text = (stored.metadata[METADATA_NAME] ?? '') + (stored.contentDisposition ?? '')
  const sealedMetadata = Buffer.from(text, 'base64url')
  if (text.length > METADATA_TEXT + OVERFLOW_TEXT || sealedMetadata.toString('base64url') !== text) {
    throw new DoesNotOpen()
  }
  return { envelope: readEnvelope(envelope), sealedMetadata }
}

/** @throws DoesNotOpen beside any other envelope */
export function openMetadata(dek: Dek, { envelope, sealedMetadata }: SealedHeaders): Metadata {
  const nonce = sealedMetadata.subarray(0, XAES_NONCE)
  if (nonce.length !== XAES_NONCE) throw new DoesNotOpen()
  const sealed = sealedMetadata.subarray(XAES_NONCE)
  return decode(envelope, Buffer.from(dek.metadataKey().open(nonce, sealed, envelope.bytes)))
}

/**
 * Holds the stored length, which an adversary may have chosen, against the metadata.
 * @throws DoesNotOpen for a single part of another size, and for a multipart object of nothing: it has no
 *   summary to tell it from one whose payload was taken away
 */
export function expectStoredLength({ size }: Metadata, stored: number): void {
  const fits = size === undefined ? (plaintextLength(stored) ?? 0) > 0 : storedLength(size) === stored
  if (!fits) throw new DoesNotOpen()
}

const CHECKSUM_AT = 8
const SIZE_AT = 10
/** Bytes before the headers. */
const HEAD = { single: SIZE_AT + 8, multipart: SIZE_AT } as const

function encode(envelope: Envelope, metadata: Metadata): Uint8Array {
  if ((envelope.kind === 'single') !== (metadata.size !== undefined)) {
    throw new TypeError('a single part has its size in the metadata, a multipart object has not')
  }
  const headers = encodeHeaders(metadata.headers)
  if (headers.length > MAX_HEADERS) throw new MetadataTooLarge(headers.length, MAX_HEADERS)
  const head = Buffer.alloc(HEAD[envelope.kind])
  writeUint64(head, metadata.writtenAt, 0)
  head.set(checksumCodes(metadata.checksum), CHECKSUM_AT)
  if (metadata.size !== undefined) writeUint64(head, metadata.size, SIZE_AT)
  return Buffer.concat([head, headers])
}

function decode(envelope: Envelope, plain: Buffer): Metadata {
  const headStart = HEAD[envelope.kind]
  if (plain.length < headStart) throw new DoesNotOpen()
  const checksum = checksumKind(plain[CHECKSUM_AT]!, plain[CHECKSUM_AT + 1]!)
  if (checksum === null) throw new DoesNotOpen()
  return {
    headers: decodeHeaders(plain.subarray(headStart)),
    writtenAt: readUint64(plain, 0),
    ...(envelope.kind === 'single' && { size: readUint64(plain, SIZE_AT) }),
    ...(checksum && { checksum }),
  }
}
