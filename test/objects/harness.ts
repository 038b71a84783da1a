import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedCustodian } from '../../src/custody/embedded.ts'
import { fileRoot } from '../../src/custody/roots/file.ts'
import type { Custodian } from '../../src/keys/custodian.ts'
import { GroupKeys } from '../../src/keys/group-keys.ts'
import { BucketNames } from '../../src/objects/bucket-names.ts'
import { type Checksum, type ChecksumAlgorithm, checksumDigest } from '../../src/objects/checksum.ts'
import type { ObjectName, PlainBody, ReadableObject } from '../../src/objects/object.ts'
import { type Alarm, type Room, S3_LIMITS } from '../../src/objects/room.ts'
import { TailCache } from '../../src/objects/tail-cache.ts'
import { openPathRegistry } from '../../src/registry/path/registry.ts'
import { nodeEngine } from '../../src/seal/engine-node.ts'
import { openDirectoryStore } from '../../src/store/directory/open.ts'
import { SegmentMemory } from '../../src/wire/segment-memory.ts'

/**
 * A whole room over the directory store, with a real registry and a real custodian.
 * @param now the custodian's clock
 */
export async function openRoom(
  now: () => number = Date.now,
): Promise<{ room: Room; custodian: Custodian; alarms: Alarm[]; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'treuhand-objects-'))
  const store = await openDirectoryStore({ path: join(folder, 'store') })
  const registry = await openPathRegistry({ file: join(folder, 'path.sqlite'), key: randomBytes(32) })
  const custodian = await openEmbeddedCustodian({
    registry: join(folder, 'custody.sqlite'),
    root: fileRoot(join(folder, 'root.key')),
    now,
  })
  const keys = new GroupKeys(custodian, nodeEngine)
  const alarms: Alarm[] = []
  const room: Room = {
    store,
    keys,
    registry,
    engine: nodeEngine,
    memory: new SegmentMemory(64 * 2 ** 20),
    tails: new TailCache(),
    limits: S3_LIMITS,
    buckets: new BucketNames(),
    alarm: event => alarms.push(event),
    random: randomBytes,
    now: Date.now,
    purpose: { action: 'Test' },
  }
  return {
    room,
    custodian,
    alarms,
    async close() {
      await keys.close()
      await registry.close()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

export const named = (key: string, bucket = 'photos'): ObjectName => ({ tenant: 'acme', bucket, key })

/** A plaintext body that arrives in pieces of up to `step` bytes. */
export function plain(bytes: Uint8Array, step = 10_007, algorithm?: ChecksumAlgorithm): PlainBody {
  let checksum: Checksum | undefined
  return {
    length: bytes.length,
    checksumAlgorithm: algorithm,
    checksum: () => checksum,
    discard() {},
    async readInto(sink) {
      for (let at = 0; at < bytes.length; ) {
        const space = sink.space()
        const piece = bytes.subarray(at, at + Math.min(step, space.length))
        space.set(piece)
        at += piece.length
        await sink.filled(piece.length)
      }
      if (algorithm === undefined) return
      const digest = checksumDigest(algorithm)
      digest.update(bytes)
      checksum = { algorithm, type: 'FULL_OBJECT', value: digest.digest() }
    },
  }
}

/** Reads an opened object to its end. */
export async function contents(object: ReadableObject): Promise<Buffer> {
  const pieces: Buffer[] = []
  await object.writeTo({
    write(written) {
      pieces.push(...written.map(piece => Buffer.from(piece)))
      return undefined
    },
  })
  return Buffer.concat(pieces)
}

/** Bytes in which no two neighbourhoods are alike, so that a shifted answer is a wrong one. */
export function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    bytes[i] = state >> 16
  }
  return bytes
}
