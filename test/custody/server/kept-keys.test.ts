import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { canonical } from '../../../src/custody/canonical.ts'
import { readEntry } from '../../../src/custody/log/entry.ts'
import type { TenantRecord } from '../../../src/custody/people.ts'
import { perUseRule, unfit } from '../../../src/custody/per-use.ts'
import type { Purpose } from '../../../src/keys/custodian.ts'
import { GroupKeys } from '../../../src/keys/group-keys.ts'
import { type CustomerHalf, halfFingerprint } from '../../../src/keys/half.ts'
import { Objects } from '../../../src/objects/objects.ts'
import type { Room } from '../../../src/objects/room.ts'
import { nodeEngine } from '../../../src/seal/engine-node.ts'
import { contents, named, openRoom, pattern, plain } from '../../objects/harness.ts'
import { addTenant, enrolProxy, startCustodian, type TestCustodian } from './custodian.ts'

/** Keys that the custodian does not give away whole: those it uses by itself, and those that lack a half. */

const READ = { conditions: {}, checksum: true }
const WRITE = { headers: [['x-amz-meta-a', 'b']] as const, settings: {}, conditions: {} }
const CURRENT = { tenant: 'acme', bucket: 'photos', key: 'current' } as const

let custodian: TestCustodian
let base: Room

beforeEach(async () => {
  custodian = await startCustodian()
  const { room, close } = await openRoom()
  onTestFinished(close)
  base = room
  await room.store.createBucket('photos', {})
})

/** A proxy of its own enrolment, over the same store. */
async function proxyOf({ half }: { half?: CustomerHalf } = {}) {
  const remote = await enrolProxy(custodian, 'acme', ['photos'])
  const keys = new GroupKeys(remote, nodeEngine, { half })
  onTestFinished(() => keys.close())
  const objects = new Objects({ ...base, keys })
  return { remote, objects }
}

async function entriesOf(type: string) {
  const { log } = custodian.custody.opened()
  const entries = []
  for (let index = 0; index < log.head.size; index++) entries.push(readEntry(await log.leaf(index)))
  return entries.filter(entry => entry.type === type)
}

const as = (purpose: Partial<Purpose>): Purpose => ({ action: 'GetObject', ...purpose })

describe('a bucket whose keys the custodian uses by itself', () => {
  const rule = { bucket: 'photos', callers: ['THAPP'], reasons: ['audit', 'case-4711'] }

  test('is written, read, copied and uploaded to in parts, and its group key never leaves', async () => {
    await addTenant(custodian, 'acme', { perUse: ['photos'] })
    const { remote, objects } = await proxyOf()
    expect((await remote.lease(CURRENT)).keys).toEqual([
      expect.objectContaining({ perUse: true, bucket: 'photos', state: 'active' }),
    ])
    expect((await remote.lease(CURRENT)).keys[0]).not.toHaveProperty('key')
    const bytes = pattern(2_000_000)
    await objects.put(named('a'), WRITE, plain(bytes, 65_536, 'SHA256'))
    await objects.copy(named('a'), named('b'), { settings: {}, conditions: {} })
    const { uploadId } = await objects.createUpload(named('c'), WRITE)
    const { etag } = await objects.uploadPart(named('c'), uploadId, 1, plain(bytes))
    await objects.completeUpload(named('c'), uploadId, { parts: [{ number: 1, etag }], conditions: {} })
    for (const key of ['a', 'b', 'c'])
      expect(Buffer.compare(await contents(await objects.get(named(key), READ)), bytes)).toBe(0)
  })

  test('is judged by caller, action and reason, and each use is in the log without names', async () => {
    await addTenant(custodian, 'acme', { perUse: [rule] })
    const { objects } = await proxyOf()
    const good = as({ caller: 'THAPP', reason: 'audit', action: 'PutObject' })
    await objects.for(good).put(named('secret name'), WRITE, plain(pattern(10)))
    await objects.for(good).get(named('secret name'), READ)
    for (const wrong of [
      {},
      { caller: 'THAPP' },
      { ...good, caller: 'THOTHER' },
      { ...good, reason: 'fun' },
    ]) {
      const reading = objects.for(as(wrong)).get(named('secret name'), READ)
      await expect(reading).rejects.toMatchObject({ name: 'NoLease', reason: 'refused' })
    }
    const uses = await entriesOf('per-use')
    expect(uses.map(({ body }) => [body['done'], body['reason'], body['refused']])).toEqual([
      ['wrap', 'audit', undefined],
      ['unwrap', 'audit', undefined],
      ['unwrap', undefined, 'Refused'],
      ['unwrap', undefined, 'Refused'],
      ['unwrap', 'audit', 'Refused'],
      ['unwrap', 'fun', 'Refused'],
    ])
    expect(uses.every(({ hidden }) => hidden.object && hidden.address)).toBe(true)
    expect(canonical(uses as never)).not.toMatch(/secret name|THAPP|127\.0\.0\.1/)
  })

  test('opens nothing under another name, and nothing that was changed', async () => {
    await addTenant(custodian, 'acme', { perUse: ['photos'] })
    const { objects } = await proxyOf()
    await objects.put(named('a'), WRITE, plain(pattern(100)))
    const { metadata, contentDisposition } = await base.store.head({ bucket: 'photos', key: 'a' }, {})
    const object = { metadata, settings: {}, ...(contentDisposition !== undefined && { contentDisposition }) }
    await base.store.copy({ bucket: 'photos', key: 'a' }, { bucket: 'photos', key: 'moved' }, object, {})
    await expect(objects.get(named('moved'), READ)).rejects.toMatchObject({ code: 'DoesNotOpen' })
  })

  test('gives nothing while the custodian is killed, nor to a proxy that was revoked', async () => {
    await addTenant(custodian, 'acme', { perUse: ['photos'] })
    const { objects } = await proxyOf()
    await objects.put(named('a'), WRITE, plain(pattern(100)))
    await custodian.custody.kill('acme', 'an officer', 'a drill')
    await expect(objects.get(named('a'), READ)).rejects.toMatchObject({ name: 'NoLease', reason: 'killed' })
  })

  test('has a rule whose lists allow what they name, and all where they are left out', () => {
    const tenant = { perUse: ['plain', rule] } as unknown as TenantRecord
    expect(perUseRule(tenant, 'other')).toBeUndefined()
    expect(unfit(perUseRule(tenant, 'plain')!, as({}))).toBeUndefined()
    expect(unfit(rule, as({ caller: 'THAPP' }))).toBe('reason')
    expect(unfit(rule, as({ caller: 'THAPP', reason: 'audit' }))).toBeUndefined()
    expect(unfit({ bucket: 'a', actions: ['HeadObject'] }, as({}))).toBe('action')
  })
})

describe('a split tenant', () => {
  const newHalf = (): CustomerHalf => {
    const bytes = new Uint8Array(randomBytes(32))
    return { bytes, fingerprint: halfFingerprint(bytes) }
  }

  test("opens with the customer's half, and with nothing else that the trustee has", async () => {
    const half = newHalf()
    await addTenant(custodian, 'acme', { split: half.fingerprint })
    const { objects, remote } = await proxyOf({ half })
    await objects.put(named('a'), WRITE, plain(pattern(100)))
    expect(Buffer.compare(await contents(await objects.get(named('a'), READ)), pattern(100))).toBe(0)

    // The trustee takes its own key for the whole one.
    const lease = await remote.lease(CURRENT)
    const leased = lease.keys[0]!
    expect(leased).toMatchObject({ half: half.fingerprint })
    const { half: _, ...whole } = { half: undefined, ...leased }
    const trustee = new GroupKeys(
      { ...alone, lease: async () => ({ ...lease, keys: [{ ...whole, key: leased.key!.slice() }] }) },
      nodeEngine,
    )
    onTestFinished(() => trustee.close())
    const reading = new Objects({ ...base, keys: trustee }).get(named('a'), READ)
    await expect(reading).rejects.toMatchObject({ code: 'DoesNotOpen' })
  })

  test('refuses a proxy with another half, or with none, in a plain sentence', async () => {
    const half = newHalf()
    await addTenant(custodian, 'acme', { split: half.fingerprint })
    const other = newHalf()
    const wrong = await proxyOf({ half: other })
    await expect(wrong.objects.put(named('a'), WRITE, plain(pattern(1)))).rejects.toThrow(
      `The customer's half of this proxy is ${other.fingerprint}, but tenant acme was made with ${half.fingerprint}.`,
    )
    const none = await proxyOf()
    await expect(none.objects.put(named('a'), WRITE, plain(pattern(1)))).rejects.toThrow(
      "Tenant acme is split, and this proxy lacks the customer's half. Name its file in keys.half.",
    )
  })

  test('a proxy with a half seals nothing under keys that take none: a trustee could read it', async () => {
    await addTenant(custodian, 'acme')
    const { objects } = await proxyOf({ half: newHalf() })
    await expect(objects.put(named('a'), WRITE, plain(pattern(1)))).rejects.toMatchObject({
      name: 'NoLease',
      reason: 'refused',
    })
  })
})

/** A custodian of whom nothing but leases is asked. */
const alone = {
  useKey: async () => new Uint8Array(),
  onRevoked: () => {},
  close: async () => {},
}
