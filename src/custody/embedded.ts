import { randomUUID } from 'node:crypto'
import { type Custodian, type Lease, type LeaseAsk, type LeasedKey, NoLease } from '../keys/custodian.ts'
import { openSqliteRegistry } from '../registry/custody/sqlite.ts'
import { CustodyError } from './errors.ts'
import { GroupKeys } from './group-keys.ts'
import { Keks } from './keks.ts'
import type { RootProvider } from './roots/root.ts'
import { unseal } from './unseal.ts'

const TTL = 15 * 60_000

export interface EmbeddedOptions {
  /** Path of the custody registry, an SQLite file; made on the first start. */
  readonly registry: string
  readonly root: RootProvider
  /** Milliseconds that a lease lasts; 15 minutes by default. */
  readonly ttl?: number
  /** Milliseconds since 1970; the machine's clock by default. */
  readonly now?: () => number
}

/**
 * A custodian inside the proxy's own process, for a first look and for development: it gives every tenant
 * and bucket its keys, and protects from the store alone, not from this machine.
 *
 * @throws CustodyError when the root is missing, unsafe, or not the registry's
 * @throws RegistryInUse, RegistryTooNew
 */
export async function openEmbeddedCustodian(options: EmbeddedOptions): Promise<Custodian> {
  const { ttl = TTL, now = Date.now } = options
  const registry = await openSqliteRegistry(options.registry)
  try {
    await registry.activate()
    const keks = new Keks(registry, await unseal(registry, options.root, now()))
    const groupKeys = new GroupKeys(registry, keks)
    const listeners: ((keys: 'all') => void)[] = []
    let closed = false
    return {
      async lease(ask) {
        if (closed)
          throw new NoLease('unreachable', 'The custodian has been closed. Start the program again.')
        const keys = await keysFor(groupKeys, ask, now())
        return { id: randomUUID(), ttl, keys } satisfies Lease
      },
      async useKey({ bucket }) {
        throw new NoLease('refused', `The keys of bucket ${bucket} are used here, not one by one.`)
      },
      onRevoked(listener) {
        listeners.push(listener)
      },
      async close() {
        closed = true
        for (const drop of listeners) drop('all')
        await registry.close()
      },
    }
  } catch (error) {
    await registry.close()
    throw error
  }
}

async function keysFor(groupKeys: GroupKeys, ask: LeaseAsk, now: number): Promise<readonly LeasedKey[]> {
  const { tenant, bucket } = ask
  try {
    if (ask.key === 'current') {
      const keys = await groupKeys.current(tenant, bucket, now)
      if (keys.length === 0) throw new NoLease('refused', `The group key of bucket ${bucket} is suspended.`)
      return keys
    }
    const key = await groupKeys.byId(tenant, bucket, ask.key.id)
    if (!key)
      throw new NoLease('unknown-key', `Bucket ${bucket} has no group key of this id that may be leased.`)
    return [key]
  } catch (error) {
    if (error instanceof CustodyError) throw new NoLease('refused', error.message)
    throw error
  }
}
