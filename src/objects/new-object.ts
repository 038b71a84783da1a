import { Dek } from '../seal/dek.ts'
import type { Envelope, Shape } from '../seal/envelope.ts'
import { MetadataTooLarge } from '../seal/errors.ts'
import { type Metadata, sealMetadata } from '../seal/metadata.ts'
import { PART_RANDOM, partHeader } from '../seal/part.ts'
import { DEK_BYTES } from '../seal/suite.ts'
import type { TrailerNonces } from '../seal/trailer.ts'
import { XAES_NONCE } from '../seal/xaes.ts'
import type { NewObject } from '../store/store.ts'
import { ObjectError } from './errors.ts'
import type { ObjectName } from './object.ts'
import type { Room } from './room.ts'

/** An object about to be written: its DEK, wrapped, and its metadata, sealed. */
export interface Sealed {
  readonly dek: Dek
  readonly envelope: Envelope
  readonly groupKeyId: string
  readonly ended: AbortSignal
  readonly object: NewObject
}

/** A fresh DEK. Whoever calls wipes it when done. */
export function newDek(room: Room): Dek {
  const bytes = room.random(DEK_BYTES)
  const dek = new Dek(room.engine, bytes)
  bytes.fill(0)
  return dek
}

/** A fresh salt and nonce prefix: never used for two attempts to send a part. */
export const newPartHeader = (room: Room) => partHeader(room.random(PART_RANDOM))

export function newTrailerNonces(room: Room): TrailerNonces {
  const both = room.random(2 * XAES_NONCE)
  return { table: both.subarray(0, XAES_NONCE), summary: both.subarray(XAES_NONCE) }
}

/**
 * Wraps a DEK for a name and seals the metadata beside it, under the bucket's current group key.
 * @throws ObjectError `MetadataTooLarge`
 * @throws NoLease
 */
export async function sealHead(
  room: Room,
  name: ObjectName,
  dek: Dek,
  shape: Shape,
  metadata: Omit<Metadata, 'writtenAt'>,
  settings: NewObject['settings'],
): Promise<Sealed> {
  const groupKey = await room.keys.current(name.tenant, name.bucket)
  const nonce = room.random(XAES_NONCE)
  const envelope = await groupKey.sealEnvelope(dek, name, shape, nonce, room.purpose)
  const sealed = { ...metadata, writtenAt: room.now() }
  return {
    dek,
    envelope,
    groupKeyId: Buffer.from(groupKey.id).toString('hex'),
    ended: groupKey.ended,
    object: { ...fitting(() => sealMetadata(dek, envelope, sealed, room.random(XAES_NONCE))), settings },
  }
}

function fitting<T>(seal: () => T): T {
  try {
    return seal()
  } catch (error) {
    if (error instanceof MetadataTooLarge) throw new ObjectError('MetadataTooLarge', `${error.message}.`)
    throw error
  }
}
