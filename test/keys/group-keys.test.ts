import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Custodian, LeaseAsk, LeasedKey } from '../../src/keys/custodian.ts'
import { NoLease } from '../../src/keys/custodian.ts'
import type { GroupKey } from '../../src/keys/group-key.ts'
import { GroupKeys, type NotRenewed } from '../../src/keys/group-keys.ts'
import { Dek } from '../../src/seal/dek.ts'
import { nodeEngine } from '../../src/seal/engine-node.ts'

const TTL = 60_000
const ID = new Uint8Array(16).fill(7)

/** A custodian on a table: it hands out one key, counts the asking, and can be told to refuse or revoke. */
class ScriptedCustodian implements Custodian {
  asked: LeaseAsk[] = []
  refusing = false
  handedOut: LeasedKey[] = []
  revoke: (keys: 'all' | readonly string[]) => void = () => {}

  async lease(ask: LeaseAsk) {
    this.asked.push(ask)
    if (this.refusing) throw new NoLease('sealed', 'the custodian is sealed')
    const key: LeasedKey = {
      id: ID,
      tenant: ask.tenant,
      bucket: ask.bucket,
      epoch: '2026-11',
      state: 'active',
      key: new Uint8Array(32).fill(9),
    }
    this.handedOut.push(key)
    return { id: 'lease', ttl: TTL, keys: [key] }
  }
  useKey() {
    return Promise.reject(new NoLease('refused', 'this custodian leases'))
  }
  onRevoked(listener: (keys: 'all' | readonly string[]) => void) {
    this.revoke = listener
  }
  async close() {}
}

const clocks = { monotonicNow: 1_000, wallNow: 1_000_000, monotonic: () => 0, wall: () => 0 }
clocks.monotonic = () => clocks.monotonicNow
clocks.wall = () => clocks.wallNow
const pass = (ms: number) => {
  clocks.monotonicNow += ms
  clocks.wallNow += ms
}

/** What the key makes of a DEK: another value once the key was overwritten. */
const wraps = (key: GroupKey) => {
  const dek = new Dek(nodeEngine, new Uint8Array(32))
  return key.sealEnvelope(dek, NAME, { kind: 'multipart' }, new Uint8Array(24), { action: 'PutObject' })
}
const NAME = { tenant: 't', bucket: 'b', key: 'k' }

let keys: GroupKeys
afterEach(() => keys.close())

describe('group keys', () => {
  test('a key is asked for once, however many want it at the same time', async () => {
    const custodian = new ScriptedCustodian()
    keys = new GroupKeys(custodian, nodeEngine, { clocks })
    await Promise.all(Array.from({ length: 20 }, () => keys.current('t', 'b')))
    await keys.byId('t', 'b', ID)
    expect(custodian.asked).toHaveLength(1)
  })

  test('when the lease ends the key is overwritten, its streams hear of it, and it is asked for anew', async () => {
    const custodian = new ScriptedCustodian()
    keys = new GroupKeys(custodian, nodeEngine, { clocks })
    const key = await keys.current('t', 'b')
    const before = await wraps(key)
    pass(TTL - 1)
    keys.sweep()
    expect(key.ended.aborted).toBe(false)
    pass(1)
    keys.sweep()
    expect(key.ended.aborted).toBe(true)
    expect(await wraps(key)).not.toEqual(before)
    expect(custodian.handedOut[0]!.key).toEqual(new Uint8Array(32))
    await keys.current('t', 'b')
    expect(custodian.asked).toHaveLength(2)
  })

  test('a lease counts by the clock that runs further', async () => {
    keys = new GroupKeys(new ScriptedCustodian(), nodeEngine, { clocks })
    const key = await keys.current('t', 'b')
    clocks.wallNow += TTL
    keys.sweep()
    expect(key.ended.aborted).toBe(true)
  })

  test('a wall clock set back ends every lease', async () => {
    keys = new GroupKeys(new ScriptedCustodian(), nodeEngine, { clocks })
    const key = await keys.current('t', 'b')
    clocks.wallNow -= 5_001
    keys.sweep()
    expect(key.ended.aborted).toBe(true)
  })

  test('after the lease a custodian that refuses is the answer', async () => {
    const custodian = new ScriptedCustodian()
    keys = new GroupKeys(custodian, nodeEngine, { clocks })
    await keys.current('t', 'b')
    custodian.refusing = true
    pass(TTL)
    await expect(keys.current('t', 'b')).rejects.toThrow(NoLease)
  })

  test('a renewal that fails is told at once, long before the lease ends, and tried again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const custodian = new ScriptedCustodian()
    const told: NotRenewed[] = []
    keys = new GroupKeys(custodian, nodeEngine, { clocks, onNotRenewed: about => told.push(about) })
    await keys.current('t', 'b')
    custodian.refusing = true
    pass(25_000)
    await vi.advanceTimersByTimeAsync(25_000)
    expect(told[0]).toMatchObject({ bucket: 'b', error: { reason: 'sealed' }, ends: TTL - 25_000 })
    custodian.refusing = false
    const failed = told.length
    await vi.advanceTimersByTimeAsync(5_000)
    expect(told).toHaveLength(failed)
    expect(custodian.asked).toHaveLength(failed + 2)
  })

  test('a revocation drops the key at once', async () => {
    const custodian = new ScriptedCustodian()
    keys = new GroupKeys(custodian, nodeEngine, { clocks })
    const key = await keys.current('t', 'b')
    const before = await wraps(key)
    custodian.revoke(['ff'.repeat(16)])
    expect(key.ended.aborted).toBe(false)
    custodian.revoke([Buffer.from(ID).toString('hex')])
    expect(key.ended.aborted).toBe(true)
    expect(await wraps(key)).not.toEqual(before)
  })

  test('a key of one bucket is not given for another', async () => {
    const custodian = new ScriptedCustodian()
    keys = new GroupKeys(custodian, nodeEngine, { clocks })
    await keys.current('t', 'b')
    await keys.byId('t', 'c', ID)
    expect(custodian.asked).toHaveLength(2)
  })
})
