import { readFileSync } from 'node:fs'
import type { Identity } from '../front/s3/access.ts'
import { type FrontEvent, s3Front } from '../front/s3/front.ts'
import { type Custodian, NoLease } from '../keys/custodian.ts'
import { GroupKeys } from '../keys/group-keys.ts'
import { Objects } from '../objects/objects.ts'
import type { PathRegistry } from '../registry/path/registry.ts'
import { chooseEngine } from '../seal/engines.ts'
import type { Findings } from '../store/s3/open.ts'
import type { Store } from '../store/store.ts'
import { serve } from '../wire/server.ts'
import { cannotListen } from './cannot-start.ts'
import { withEscorts } from './escorted-access.ts'
import { DEFAULT_TENANT } from './first-access-key.ts'
import { configuredHalf } from './half.ts'
import { keepStore } from './housekeeping.ts'
import type { Log } from './log.ts'
import { openStore, type StoreOpening } from './open-store.ts'
import { roomsOver } from './room.ts'
import { Seldom } from './seldom.ts'

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

/** Milliseconds that requests under way are given at the end. */
const GRACE = 10_000

/** Puts the data plane of one process together: store, keys, objects, S3, HTTP. */
export async function startProxy(parts: ProxyParts): Promise<Proxy> {
  const { config, registry, custodian, log } = parts
  const { engine, why } = chooseEngine(config.aead)
  log.info('aead-chosen', { why })
  const opened = await openStore(parts)
  const { store, findings, as } = opened
  const half = configuredHalf(config)
  const seldom = new Seldom(log)
  const keys = new GroupKeys(custodian, engine, {
    half,
    onNotRenewed: ({ bucket, error, ends }) =>
      seldom.warn('lease-not-renewed', { ...whyNoLease(error), bucket, seconds: Math.round(ends / 1000) }),
  })
  const roomOver = roomsOver({ config, keys, registry, engine, log })
  const objectsOver = (itsStore: Store) => new Objects(roomOver(itsStore))
  const front = s3Front({
    objectsFor: perCredential(objectsOver(store), profile => objectsOver(as(profile))),
    accessKeys: withEscorts(registry.accessKeys, custodian.escorts, log),
    cors: registry.bucketCors(),
    region: config.region,
    baseDomains: config.baseDomains,
    ...(config.anonymous.length > 0 && { anonymous: { tenant: DEFAULT_TENANT, grants: config.anonymous } }),
    announceEncryption: config.announceEncryption,
    log: event => logEvent(log, seldom, event),
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

function whyNoLease(error: unknown): { reason: string; detail: string } {
  const reason = error instanceof NoLease ? error.reason : 'failed'
  return { reason, detail: (error as Error).message }
}

function logEvent(log: Log, seldom: Seldom, event: FrontEvent): void {
  const { event: name, requestId } = event
  if (name === 'request') {
    const { event: _, ...fields } = event
    log.debug(name, fields)
  } else if (name === 'defect') log.error(name, { requestId, reason: String((event.error as Error)?.stack) })
  else seldom.warn(name, { reason: event.reason, detail: event.detail, requestId })
}
