import type { Store } from '../../src/store/store.ts'
import { get, put } from '../store/contract/bytes.ts'

/** An object as it lies in the store, in the operator's hands. */
export interface Stored {
  readonly bytes: Buffer
  readonly metadata: Readonly<Record<string, string>>
  readonly contentDisposition?: string
}

export async function takeOut(operator: Store, bucket: string, key: string): Promise<Stored> {
  const { metadata, contentDisposition } = await operator.head({ bucket, key }, {})
  const bytes = await get(operator, { bucket, key })
  return { bytes, metadata, ...(contentDisposition !== undefined && { contentDisposition }) }
}

export async function putBack(operator: Store, bucket: string, key: string, stored: Stored): Promise<void> {
  const { bytes, ...object } = stored
  await put(operator, { bucket, key }, bytes, {}, { ...object, settings: {} })
}

/** One bit of a buffer, changed. */
export function flipped(bytes: Buffer, at: number, bit = 0): Buffer {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1 << bit
  return changed
}

/** One bit of the envelope (`th1`) or of the sealed metadata (`th1m`), changed. */
export function withMetadataFlipped(stored: Stored, name: 'th1' | 'th1m', at: number): Stored {
  const bytes = Buffer.from(stored.metadata[name]!, 'base64url')
  return withMetadata(stored, name, flipped(bytes, at).toString('base64url'))
}

export function withMetadata(stored: Stored, name: string, value: string): Stored {
  return { ...stored, metadata: { ...stored.metadata, [name]: value } }
}

export function withBytes(stored: Stored, ...pieces: readonly Uint8Array[]): Stored {
  return { ...stored, bytes: Buffer.concat(pieces) }
}
