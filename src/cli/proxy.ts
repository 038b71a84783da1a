import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../config/schema.ts'
import type { Identity } from '../front/s3/access.ts'
import { type FrontEvent, s3Front } from '../front/s3/front.ts'
import type { Custodian } from '../keys/custodian.ts'
import { GroupKeys } from '../keys/group-keys.ts'
import { BucketNames } from '../objects/bucket-names.ts'
import { Objects } from '../objects/objects.ts'
import { type Limits, S3_LIMITS } from '../objects/room.ts'
import { TailCache } from '../objects/tail-cache.ts'
import type { PathRegistry } from '../registry/path/registry.ts'
import { chooseEngine } from '../seal/engines.ts'
import type { Findings } from '../store/s3/open.ts'
import type { Store } from '../store/store.ts'
import { SegmentMemory } from '../wire/segment-memory.ts'
import { serve } from '../wire/server.ts'
import { cannotListen } from './cannot-start.ts'
import { DEFAULT_TENANT } from './first-access-key.ts'
import { keepStore } from './housekeeping.ts'
import type { Log } from './log.ts'
import { openStore, type StoreOpening } from './open-store.ts'

export interface ProxyParts extends StoreOpening {
  readonly registry: PathRegistry
  readonly custodian: Custodian
}

export interface Proxy {
  readonly port: number
  readonly findings?: Findings
  /** Lets requests under way end for a while, then closes the store and forgets the keys. */
  close(): Promise<void>
}

/** Up to here bodies are read in large pieces; beyond, each gets one segment. */
const MEMORY = 16 * 2 ** 20
/** Milliseconds that requests under way are given at the end. */
const GRACE = 10_000

/** Puts the data plane of one process together: store, keys, objects, S3, HTTP. */
export async function startProxy(parts: ProxyParts): Promise<Proxy> {
  const { config, registry, custodian, log } = parts
  const { engine, why } = chooseEngine(config.aead)
  log.info('aead-chosen', { why })
  const opened = await openStore(parts)
  const { store, findings, as } = opened
  const keys = new GroupKeys(custodian, engine)
  const memory = new SegmentMemory(MEMORY)

  const objectsOver = (itsStore: Store) =>
    new Objects({
      store: itsStore,
      keys,
      registry,
      engine,
      memory,
      tails: new TailCache(),
      random: randomBytes,
      now: Date.now,
      limits: limitsOf(config),
      buckets: new BucketNames(config.buckets),
      alarm: ({ event, bucket, key, what }) => log.error(event, { bucket, key, what }),
    })
  const front = s3Front({
    objectsFor: perCredential(objectsOver(store), profile => objectsOver(as(profile))),
    accessKeys: registry.accessKeys,
    cors: registry.bucketCors(),
    region: config.region,
    baseDomains: config.baseDomains,
    ...(config.anonymous.length > 0 && { anonymous: { tenant: DEFAULT_TENANT, grants: config.anonymous } }),
    announceEncryption: config.announceEncryption,
    log: event => logEvent(log, event),
  })
  const { host, port, tls } = config.listen
  const server = await serve({
    listen: { host, port },
    ...front,
    ...(tls && { tls: { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) } }),
  }).catch((error: NodeJS.ErrnoException) => {
    throw cannotListen(error, host, port)
  })
  const endHousekeeping = keepStore(opened, log)
  return {
    port: server.address.port,
    ...(findings && { findings }),
    async close() {
      endHousekeeping()
      await server.close(GRACE)
      await keys.close()
      await store.close()
    },
  }
}

function limitsOf({ store }: Config): Limits {
  if (store.kind === 'directory') return S3_LIMITS
  const { part, object, copy } = store.limits
  return { storePart: part, storeObject: object, storeCopy: copy }
}

/** Access keys that name a store credential reach the store under it, all others under the proxy's own. */
function perCredential(own: Objects, open: (profile: string) => Objects): (identity: Identity) => Objects {
  const opened = new Map<string, Objects>()
  return ({ storeCredential }) => {
    if (storeCredential === undefined) return own
    const objects = opened.get(storeCredential) ?? open(storeCredential)
    opened.set(storeCredential, objects)
    return objects
  }
}

function logEvent(log: Log, event: FrontEvent): void {
  if (event.event === 'request') {
    const { event: name, ...fields } = event
    log.debug(name, fields)
  } else log.error('defect', { requestId: event.requestId, reason: String((event.error as Error)?.stack) })
}
