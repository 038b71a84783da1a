import type { Dek } from './dek.ts'
import { type BoundName, type Envelope, openEnvelope, type Shape, sealEnvelope } from './envelope.ts'
import { DoesNotOpen } from './errors.ts'
import { Layout } from './layout.ts'
import { plaintextLength, storedLength } from './lengths.ts'
import {
  type Metadata,
  openMetadata,
  type SealedHeaders,
  type StoredHeaders,
  sealMetadata,
} from './metadata.ts'
import type { WrappingKey } from './wrapping-key.ts'

/**
 * An object's head is all that stands beside its payload: the envelope and the sealed metadata. It is sealed
 * before the payload is sent, and opened before a byte of the payload is used.
 */
export interface NewHead {
  readonly envelope: Envelope
  readonly stored: StoredHeaders
}

/** Random bytes for a head, fresh for each, copies included: 24 and 24. */
export interface HeadNonces {
  readonly envelope: Uint8Array
  readonly metadata: Uint8Array
}

/**
 * Seals the head of a new object, or of a copy: a copy keeps the DEK and its shape.
 * @throws MetadataTooLarge
 */
export function sealHead(
  dek: Dek,
  key: WrappingKey,
  name: BoundName,
  shape: Shape,
  metadata: Metadata,
  nonces: HeadNonces,
): NewHead {
  const envelope = sealEnvelope(dek, key, name, shape, nonces.envelope)
  return { envelope, stored: sealMetadata(dek, envelope, metadata, nonces.metadata) }
}

/** What an opened head says of the payload. */
export type OpenedHead =
  | { readonly kind: 'empty'; readonly dek: Dek; readonly metadata: Metadata }
  | { readonly kind: 'single'; readonly dek: Dek; readonly metadata: Metadata; readonly layout: Layout }
  /** The size follows from the stored length, and stands to be confirmed by the summary. */
  | { readonly kind: 'multipart'; readonly dek: Dek; readonly metadata: Metadata; readonly size: number }

/**
 * Opens a head and holds it against the stored length, which an adversary may have chosen.
 * @param stored length of the stored object
 * @throws DoesNotOpen
 */
export function openHead(
  sealed: SealedHeaders,
  key: WrappingKey,
  name: BoundName,
  stored: number,
): OpenedHead {
  const dek = openEnvelope(sealed.envelope, key, name)
  const metadata = openMetadata(dek, sealed)
  if (sealed.envelope.kind === 'multipart') {
    const size = plaintextLength(stored)
    // Nothing at all would have no table to tell it from a payload that was cut away.
    if (size === undefined || size === 0) throw new DoesNotOpen()
    return { kind: 'multipart', dek, metadata, size }
  }
  const size = metadata.size ?? 0
  if (storedLength(size) !== stored) throw new DoesNotOpen()
  if (size === 0) return { kind: 'empty', dek, metadata }
  return { kind: 'single', dek, metadata, layout: Layout.single(sealed.envelope.header, size) }
}
