import type { Dek } from '../../src/seal/dek.ts'
import { type BoundName, openEnvelope, type Shape, sealEnvelope } from '../../src/seal/envelope.ts'
import { Layout } from '../../src/seal/layout.ts'
import {
  expectStoredLength,
  type Metadata,
  openMetadata,
  readStoredHeaders,
  type StoredHeaders,
  sealMetadata,
} from '../../src/seal/metadata.ts'
import { openMultipartTail } from '../../src/seal/trailer.ts'
import type { WrappingKey } from '../../src/seal/wrapping-key.ts'

/** Random bytes for a head: 24 and 24. */
export interface HeadNonces {
  readonly envelope: Uint8Array
  readonly metadata: Uint8Array
}

/** Envelope and sealed metadata, as the store keeps them. */
export function sealHead(
  dek: Dek,
  key: WrappingKey,
  name: BoundName,
  shape: Shape,
  metadata: Metadata,
  nonces: HeadNonces,
): StoredHeaders {
  return sealMetadata(dek, sealEnvelope(dek, key, name, shape, nonces.envelope), metadata, nonces.metadata)
}

/** Opens a head as a proxy does. There is a layout unless the object is empty. */
export function openHead(headers: StoredHeaders, key: WrappingKey, name: BoundName, payload: Uint8Array) {
  const sealed = readStoredHeaders(headers)
  if (sealed === undefined) throw new Error('not sealed')
  const dek = openEnvelope(sealed.envelope, key, name)
  const metadata = openMetadata(dek, sealed)
  expectStoredLength(metadata, payload.length)
  if (metadata.size === 0) return { dek, metadata }
  if (sealed.envelope.kind === 'single') {
    return { dek, metadata, layout: Layout.single(sealed.envelope.header, metadata.size!) }
  }
  const tail = openMultipartTail(dek, payload, payload.length)
  if (!('layout' in tail)) throw new Error('the whole object holds its table')
  return { dek, metadata, ...tail }
}
