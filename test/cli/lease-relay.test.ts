import { describe, expect, test } from 'vitest'
import { type Channel, relayedCustodian, relayLeases } from '../../src/cli/lease-relay.ts'
import { type Custodian, type LeaseAsk, NoLease } from '../../src/keys/custodian.ts'

/** A channel between two ends, which copies messages as one between processes does. */
function channel(): [Channel, Channel] {
  const listeners: ((message: unknown) => void)[][] = [[], []]
  const end = (own: number): Channel => ({
    send(message) {
      const copy = structuredClone(message)
      queueMicrotask(() => {
        for (const listener of listeners[1 - own]!) listener(copy)
      })
    },
    onMessage: listener => void listeners[own]!.push(listener),
  })
  return [end(0), end(1)]
}

const ask = (bucket: string): LeaseAsk => ({ tenant: 'acme', bucket, key: 'current' })

/** Leases a key of 32 times the bucket's first letter; the bucket `secret` it refuses. */
function custodian(): Custodian & { revoke(): void; readonly given: Uint8Array[] } {
  const listeners: ((keys: 'all' | readonly string[]) => void)[] = []
  const given: Uint8Array[] = []
  return {
    given,
    async lease({ tenant, bucket }) {
      if (bucket === 'secret') throw new NoLease('refused', 'This bucket is not for you.')
      const key = new Uint8Array(32).fill(bucket.charCodeAt(0))
      given.push(key)
      const leased = {
        id: new Uint8Array(16),
        tenant,
        bucket,
        epoch: '2026-11',
        state: 'active' as const,
        key,
      }
      return { id: 'l1', ttl: 1000, keys: [leased] }
    },
    useKey: async ({ envelope }) => envelope.map(byte => byte + 1),
    onRevoked: listener => void listeners.push(listener),
    revoke: () => {
      for (const listener of listeners) listener(['00ff'])
    },
    close: async () => {},
  }
}

describe('leases between the processes of a proxy', () => {
  test('each worker gets the keys that it asked for, and the primary keeps none', async () => {
    const source = custodian()
    const workers = [channel(), channel()].map(([primary, worker]) => {
      relayLeases(source, primary)
      return relayedCustodian(worker)
    })
    const leases = await Promise.all(
      workers.flatMap(worker => ['a', 'b'].map(bucket => worker.lease(ask(bucket)))),
    )
    expect(leases.map(({ keys }) => keys[0]!.key![31])).toEqual([97, 98, 97, 98])
    for (const key of source.given) expect(key).toEqual(new Uint8Array(32))
  })

  test('a use goes to the custodian and its answer comes back', async () => {
    const [primary, worker] = channel()
    relayLeases(custodian(), primary)
    const use = { tenant: 'acme', bucket: 'a', key: 'k', purpose: { action: 'GetObject' } }
    const answer = await relayedCustodian(worker).useKey({ ...use, envelope: Uint8Array.of(1, 2) })
    expect([...answer]).toEqual([2, 3])
  })

  test('a refusal arrives with its reason', async () => {
    const [primary, worker] = channel()
    relayLeases(custodian(), primary)
    const relayed = relayedCustodian(worker)
    await expect(relayed.lease(ask('secret'))).rejects.toThrow(
      expect.objectContaining({ name: 'NoLease', reason: 'refused', message: 'This bucket is not for you.' }),
    )
  })

  test('a revocation reaches every worker', async () => {
    const source = custodian()
    const heard: unknown[] = []
    for (const [primary, worker] of [channel(), channel()]) {
      relayLeases(source, primary)
      relayedCustodian(worker).onRevoked(keys => heard.push(keys))
    }
    source.revoke()
    await expect.poll(() => heard).toEqual([['00ff'], ['00ff']])
  })
})
