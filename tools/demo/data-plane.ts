import { randomBytes } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { withEscorts } from '../../src/cli/escorted-access.ts'
import { openLog } from '../../src/cli/log.ts'
import { s3Front } from '../../src/front/s3/front.ts'
import type { Custodian } from '../../src/keys/custodian.ts'
import { GroupKeys } from '../../src/keys/group-keys.ts'
import { BucketNames } from '../../src/objects/bucket-names.ts'
import { Objects } from '../../src/objects/objects.ts'
import { S3_LIMITS } from '../../src/objects/room.ts'
import { TailCache } from '../../src/objects/tail-cache.ts'
import type { PathRegistry } from '../../src/registry/path/registry.ts'
import { chooseEngine } from '../../src/seal/engines.ts'
import type { Store } from '../../src/store/store.ts'
import { SegmentMemory } from '../../src/wire/segment-memory.ts'
import { serve } from '../../src/wire/server.ts'

/** A store that counts what it is asked. */
export function counted(store: Store): { store: Store; requests(): number } {
  let requests = 0
  const counting = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        requests++
        return Reflect.apply(value, target, args)
      }
    },
  })
  return { store: counting, requests: () => requests }
}

/** A proxy of its own: S3 in front, the custodian's leases, the shared store behind. */
export async function startProxy(
  store: Store,
  custodian: Custodian,
  registry: PathRegistry,
  credential: { accessKeyId: string; secretAccessKey: string },
): Promise<{ s3: S3Client; endpoint: string; close(): Promise<void> }> {
  const { engine } = chooseEngine('auto')
  const keys = new GroupKeys(custodian, engine)
  const objects = new Objects({
    store,
    keys,
    registry,
    engine,
    memory: new SegmentMemory(2 ** 22),
    tails: new TailCache(),
    random: randomBytes,
    now: Date.now,
    purpose: { action: 'Test' },
    limits: S3_LIMITS,
    buckets: new BucketNames(),
    alarm: () => {},
  })
  const front = s3Front({
    objectsFor: () => objects,
    accessKeys: withEscorts(registry.accessKeys, custodian.escorts, openLog('error')),
    cors: registry.bucketCors(),
    region: 'eu-central-1',
    baseDomains: [],
    announceEncryption: false,
    log: () => {},
  })
  const server = await serve({ listen: { host: '127.0.0.1', port: 0 }, ...front })
  const endpoint = `http://127.0.0.1:${server.address.port}`
  const s3 = clientOf(endpoint, credential)
  return {
    s3,
    endpoint,
    async close() {
      s3.destroy()
      await server.close(1000)
      await keys.close()
    },
  }
}

/** An S3 client that tries once. */
export function clientOf(
  endpoint: string,
  credential: { readonly accessKeyId: string; readonly secretAccessKey: string },
): S3Client {
  return new S3Client({
    endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { ...credential },
    maxAttempts: 1,
  })
}
