import type { Purpose } from '../keys/custodian.ts'
import type { GroupKeys } from '../keys/group-keys.ts'
import type { PathRegistry } from '../registry/path/registry.ts'
import type { AeadEngine } from '../seal/aead.ts'
import type { Address, Store } from '../store/store.ts'
import type { SegmentMemory } from '../wire/segment-memory.ts'
import type { BucketNames } from './bucket-names.ts'
import type { ObjectName } from './object.ts'
import type { TailCache } from './tail-cache.ts'

/** What every operation on sealed objects works with. */
export interface Room {
  readonly store: Store
  readonly keys: GroupKeys
  readonly registry: PathRegistry
  readonly engine: AeadEngine
  readonly memory: SegmentMemory
  /** What was learnt from the ends of multipart objects, so that a range needs one request. */
  readonly tails: TailCache
  /** Random bytes; `node:crypto`'s but in tests. */
  readonly random: (length: number) => Uint8Array
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly limits: Limits
  readonly buckets: BucketNames
  readonly alarm: (event: Alarm) => void
  /** For whom and for what this work is, where a custodian judges each use of a key. */
  readonly purpose: Purpose
}

/** What the store grants; bytes of ciphertext. */
export interface Limits {
  /** One PUT or part at the store. */
  readonly storePart: number
  readonly storeObject: number
  /** Bytes of one copy inside the store. */
  readonly storeCopy: number
}

/** Amazon S3's, which most stores share. */
export const S3_LIMITS: Limits = { storePart: 5 * 2 ** 30, storeObject: 5 * 2 ** 40, storeCopy: 5 * 2 ** 30 }

/** Something that an honest store does not do. Counted, logged and shown to the operator. */
export interface Alarm {
  readonly event: 'does-not-open' | 'not-sealed'
  readonly bucket: string
  readonly key: string
  readonly what: string
}

export const addressOf = (room: Room, name: Pick<ObjectName, 'bucket' | 'key' | 'versionId'>): Address => ({
  bucket: room.buckets.toStore(name.bucket),
  key: name.key,
  ...(name.versionId === undefined ? {} : { versionId: name.versionId }),
})

/**
 * Lends memory for one body. It is taken back only after success: after a failure a write may still be under
 * way, and the next stream's plaintext must not stand in its memory.
 */
export async function withMemory<T>(
  { memory }: Room,
  expected: number,
  work: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  const piece = memory.lend(expected)
  let settled = false
  try {
    const result = await work(piece)
    settled = true
    return result
  } finally {
    if (settled) memory.takeBack(piece)
    else memory.giveUp(piece)
  }
}
