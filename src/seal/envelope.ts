import type { AeadEngine } from './aead.ts'
import { Dek } from './dek.ts'
import { DoesNotOpen } from './errors.ts'
import type { Kind } from './lengths.ts'
import { PART_RANDOM, type PartHeader, partHeader } from './part.ts'
import { SUITE, VERSION } from './suite.ts'
import type { WrappingKey } from './wrapping-key.ts'

/** The names under which alone an object opens: its tenant, and bucket and key as the application knows them. */
export interface BoundName {
  readonly tenant: string
  readonly bucket: string
  readonly key: string
}

/** What stands beside a stored object so that the holder of its group key can open it. Nothing in it is secret. */
export type Envelope = EnvelopeBase & Shape
/** A single part's header stands in the envelope, so that a range needs no request for it. */
export type Shape = { readonly kind: 'single'; readonly header: PartHeader } | { readonly kind: 'multipart' }

interface EnvelopeBase {
  /** All of it, 162 bytes, as they are bound to the sealed metadata. */
  readonly bytes: Uint8Array
  /** 16 bytes. */
  readonly groupKeyId: Uint8Array
  /** 32 bytes. */
  readonly commitment: Uint8Array
}

const ENVELOPE = 162
/** Characters of an envelope in base64url. */
export const ENVELOPE_TEXT = 216

/**
 * Wraps a DEK under a name. A copy keeps the DEK and its shape and gets an envelope of its own.
 * @param nonce 24 bytes, random for each envelope
 */
export function sealEnvelope(
  dek: Dek,
  key: WrappingKey,
  name: BoundName,
  shape: Shape,
  nonce: Uint8Array,
): Envelope {
  const bytes = draft(dek, key.groupKeyId, shape, nonce)
  bytes.set(dek.wrap(key, nonce, wrapData(bytes, name)), WRAPPED_AT)
  return parse(bytes)
}

/**
 * As `sealEnvelope`, where the group key is with somebody else.
 * @param wrap what `wrapFor` does there: gets the envelope without its wrap, and the DEK
 */
export async function sealEnvelopeAfar(
  dek: Dek,
  groupKeyId: Uint8Array,
  shape: Shape,
  nonce: Uint8Array,
  wrap: (envelope: Uint8Array, dek: Uint8Array) => Promise<Uint8Array>,
): Promise<Envelope> {
  const bytes = draft(dek, groupKeyId, shape, nonce)
  const wrapped = await dek.wrapAfar(own => wrap(bytes, own))
  if (wrapped.length !== COMMITMENT_AT - WRAPPED_AT) throw new DoesNotOpen()
  bytes.set(wrapped, WRAPPED_AT)
  return parse(bytes)
}

/**
 * Wraps somebody else's DEK for the envelope that he drew up.
 * @param envelope 162 bytes; those of the wrap do not count
 * @param dek 32 bytes
 * @returns 48 bytes
 * @throws DoesNotOpen where that is no envelope, names another group key or is committed to another DEK
 */
export function wrapFor(
  envelope: Uint8Array,
  key: WrappingKey,
  name: BoundName,
  dek: Uint8Array,
): Uint8Array {
  const { groupKeyId, commitment } = parseExactly(envelope)
  if (Buffer.compare(groupKeyId, key.groupKeyId) !== 0) throw new DoesNotOpen()
  Dek.committed(key.engine, new Uint8Array(dek), commitment).wipe()
  return key.wrap(envelope.subarray(NONCE_AT, WRAPPED_AT), dek, wrapData(envelope, name))
}

/** All but the wrap. */
function draft(dek: Dek, groupKeyId: Uint8Array, shape: Shape, nonce: Uint8Array): Buffer {
  const bytes = Buffer.alloc(ENVELOPE)
  bytes[VERSION_AT] = VERSION
  bytes[SUITE_AT] = SUITE
  bytes[KIND_AT] = KIND_CODE[shape.kind]
  bytes.set(groupKeyId, KEY_ID_AT)
  bytes.set(nonce, NONCE_AT)
  bytes.set(dek.commitment(), COMMITMENT_AT)
  if (shape.kind === 'single') {
    bytes.set(shape.header.salt, HEADER_AT)
    bytes.set(shape.header.noncePrefix, HEADER_AT + shape.header.salt.length)
  }
  return bytes
}

/** The envelope as text for a metadata header. */
export const envelopeText = (envelope: Envelope): string => Buffer.from(envelope.bytes).toString('base64url')

/** @throws DoesNotOpen for anything but an envelope of this version and suite in its one spelling */
export function readEnvelope(text: string): Envelope {
  if (text.length !== ENVELOPE_TEXT) throw new DoesNotOpen()
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== ENVELOPE || bytes.toString('base64url') !== text) throw new DoesNotOpen()
  return parse(bytes)
}

/** @throws DoesNotOpen under another key or name, or when one of its bound bytes was changed */
export function openEnvelope(envelope: Envelope, key: WrappingKey, name: BoundName): Dek {
  return Dek.committed(key.engine, unwrapFor(envelope.bytes, key, name), envelope.commitment)
}

/**
 * As `openEnvelope`, where the group key is with somebody else.
 * @param unwrap what `unwrapFor` does there
 */
export async function openEnvelopeAfar(
  envelope: Envelope,
  engine: AeadEngine,
  unwrap: (envelope: Uint8Array) => Promise<Uint8Array>,
): Promise<Dek> {
  return Dek.committed(engine, await unwrap(envelope.bytes), envelope.commitment)
}

/**
 * Unwraps the DEK of an envelope.
 * @param envelope 162 bytes
 * @returns 32 bytes, which whoever called overwrites
 * @throws DoesNotOpen
 */
export function unwrapFor(envelope: Uint8Array, key: WrappingKey, name: BoundName): Uint8Array {
  const { groupKeyId } = parseExactly(envelope)
  if (Buffer.compare(groupKeyId, key.groupKeyId) !== 0) throw new DoesNotOpen()
  return key.unwrap(
    envelope.subarray(NONCE_AT, WRAPPED_AT),
    envelope.subarray(WRAPPED_AT, COMMITMENT_AT),
    wrapData(envelope, name),
  )
}

const VERSION_AT = 0
const SUITE_AT = 1
const KIND_AT = 2
const KEY_ID_AT = 3
const NONCE_AT = 19
const WRAPPED_AT = 43
const COMMITMENT_AT = 91
const HEADER_AT = 123

const KIND_CODE: Readonly<Record<Kind, number>> = { single: 1, multipart: 2 }

function parseExactly(bytes: Uint8Array): Envelope {
  if (bytes.length !== ENVELOPE) throw new DoesNotOpen()
  return parse(bytes)
}

function parse(bytes: Uint8Array): Envelope {
  if (bytes[VERSION_AT] !== VERSION || bytes[SUITE_AT] !== SUITE) throw new DoesNotOpen()
  const base = {
    bytes,
    groupKeyId: bytes.subarray(KEY_ID_AT, NONCE_AT),
    commitment: bytes.subarray(COMMITMENT_AT, HEADER_AT),
  }
  const rest = bytes.subarray(HEADER_AT, HEADER_AT + PART_RANDOM)
  if (bytes[KIND_AT] === KIND_CODE.single) return { ...base, kind: 'single', header: partHeader(rest) }
  if (bytes[KIND_AT] !== KIND_CODE.multipart || rest.some(byte => byte !== 0)) throw new DoesNotOpen()
  return { ...base, kind: 'multipart' }
}

/** Additional data of the wrap: the envelope up to the nonce, then the names, each behind its length. */
function wrapData(envelope: Uint8Array, name: BoundName): Uint8Array {
  const pieces: Uint8Array[] = [envelope.subarray(0, NONCE_AT)]
  for (const text of [name.tenant, name.bucket, name.key]) {
    // A lone surrogate has no UTF-8: two names would become one.
    if (!text.isWellFormed()) throw new TypeError('a name to bind must be well-formed Unicode')
    const octets = Buffer.from(text, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(octets.length)
    pieces.push(length, octets)
  }
  return Buffer.concat(pieces)
}
