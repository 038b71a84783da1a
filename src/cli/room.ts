import { randomUUID } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import { GroupKeys } from '../keys/group-keys.ts'
import { BucketNames } from '../objects/bucket-names.ts'
import { random } from '../objects/random.ts'
import { type Limits, type Room, S3_LIMITS } from '../objects/room.ts'
import { TailCache } from '../objects/tail-cache.ts'
import { openPathRegistry, type PathRegistry } from '../registry/path/registry.ts'
import type { AeadEngine } from '../seal/aead.ts'
import { chooseEngine } from '../seal/engines.ts'
import type { Store } from '../store/store.ts'
import { SegmentMemory } from '../wire/segment-memory.ts'
import { openCustodian } from './custodian.ts'
import { type DataFolder, openDataFolder, pathStoreKey } from './data-folder.ts'
import { configuredHalf } from './half.ts'
import { type Log, openLog } from './log.ts'
import { openStore } from './open-store.ts'

/** Up to here bodies are read in large pieces; beyond, each gets one segment. */
const MEMORY = 6 * 2 ** 20

export interface RoomParts {
  readonly config: Config
  readonly keys: GroupKeys
  readonly registry: PathRegistry
  readonly engine: AeadEngine
  readonly log: Log
}

/** Rooms of one process, over the store under one credential or another: they share keys and memory. */
export function roomsOver({ config, keys, registry, engine, log }: RoomParts): (store: Store) => Room {
  const memory = new SegmentMemory(MEMORY)
  const buckets = new BucketNames(config.buckets)
  return store => ({
    store,
    keys,
    registry,
    engine,
    memory,
    tails: new TailCache(),
    random,
    now: Date.now,
    limits: limitsOf(config),
    buckets,
    alarm: ({ event, bucket, key, what }) => log.error(event, { bucket, key, what }),
    purpose: { action: 'Reencrypt' },
  })
}

function limitsOf({ store }: Config): Limits {
  if (store.kind === 'directory') return S3_LIMITS
  const { part, object, copy } = store.limits
  return { storePart: part, storeObject: object, storeCopy: copy }
}

/** The data plane of a command that works on objects by itself, beside the proxy that serves them. */
export interface OpenedRoom {
  readonly room: Room
  readonly folder: DataFolder
  close(): Promise<void>
}

/**
 * Opens store and keys as the proxy of this configuration does. Beside a running proxy that needs a custodian of
 * its own and an S3 store: a custodian inside the proxy, and a directory, belong to one program at a time.
 */
export async function openRoom(config: Config): Promise<OpenedRoom> {
  const log = openLog(config.log.level)
  const folder = openDataFolder(config.data)
  const custodian = await openCustodian(config, folder, log)
  const registry = await openPathRegistry({ file: folder.pathStore, key: pathStoreKey(folder) })
  const { engine } = chooseEngine(config.aead)
  const { store } = await openStore({ config, folder, family: randomUUID(), log })
  const keys = new GroupKeys(custodian, engine, { half: configuredHalf(config) })
  return {
    room: roomsOver({ config, keys, registry, engine, log })(store),
    folder,
    async close() {
      await keys.close()
      await store.close()
      await registry.close()
    },
  }
}
