import { describe, expect, it } from 'vitest'
import { certifyErasure } from '../../../src/custody/erasure/erasure.ts'
import { fetchExport } from '../../../src/custody/export/kept-exports.ts'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import { Leases } from '../../../src/custody/leases.ts'
import { verifyEvidence } from '../../../src/evidence/evidence.ts'
import { openStatement } from '../../../src/evidence/statement.ts'
import { govern, HOUR } from '../governed.ts'

const DAY = 24 * HOUR
const tenant = { split: false, ttl: 4 * HOUR, perUse: [], fence: null }
const caller = { fingerprint: 'f'.repeat(64), address: '192.0.2.1' }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** A tenant, a proxy that leases, and a key that another month sealed with. */
async function begin() {
  const governed = await govern()
  const { custody, pass, clock, open } = governed
  await open()
  await pass('loosen', { params: tenant })
  const proxy = { tenant: 'acme', buckets: ['*'], key: '', state: 'enrolled' as const, staffUntil: 0 }
  const entry = { type: 'enrolment', at: clock.now, body: {} } as const
  await custody.keep('proxy', caller.fingerprint, undefined, proxy, entry)
  const leases = new Leases(custody, [() => undefined, () => undefined])
  const lease = async (id?: string) => {
    const ask = { bucket: 'photos', ...(id !== undefined && { id: Buffer.from(id, 'hex') }) }
    const [answer] = (await leases.lease(caller, [ask])).answers
    return 'keys' in answer! ? answer.keys.map(key => hex(key.id)) : answer!.refused
  }
  const dropped: unknown[] = []
  custody.onDrop(scope => dropped.push(scope))
  const rows = async () =>
    await custody.registry.database.selectFrom('group_keys').selectAll().orderBy('epoch').execute()
  const statements = async () => {
    const { log } = custody.opened()
    const leaves = await custody.logStore.leaves(0, log.head.size)
    return leaves
      .map(leaf => JSON.parse(Buffer.from(leaf).toString()).body.statement)
      .filter(statement => typeof statement === 'string')
      .map(statement => openStatement(statement, log.verifier))
  }
  return { ...governed, lease, dropped, rows, statements }
}

describe('the destruction of group keys', () => {
  it('bars leases, awaits the end of those that are out, overwrites, renews the KEK and says so, signed', async () => {
    const { custody, governance, approved, clock, lease, dropped, rows, statements } = await begin()
    const [old] = (await lease()) as string[]
    const id = await approved('destroy-keys', { params: { keys: [old!] }, target: 1 })
    clock.now += DAY
    const inUse = (await lease()) as string[]
    expect(inUse).toEqual([old])

    const begun = await governance.proposals.execute(id)
    expect(begun.body.state).toBe('executing')
    expect(begun.body.readyAt).toBeGreaterThanOrEqual(clock.now + tenant.ttl)
    expect(dropped).toEqual([{ tenant: 'acme' }])
    expect((await rows()).map(({ state }) => state)).toEqual(['destroying'])
    // Whoever asks for the key by its id is refused; new objects get another key within the month.
    expect(await lease(old)).toBe('Unknown')
    const [renewed] = (await lease()) as string[]
    expect(renewed).not.toBe(old)

    clock.now += tenant.ttl - 1
    await governance.proposals.sweep()
    expect((await governance.proposals.look(id)).body.state).toBe('executing')
    clock.now += HOUR
    await governance.proposals.sweep()
    expect((await governance.proposals.look(id)).body.state).toBe('done')
    const [gone, left] = await rows()
    expect([gone!.state, gone!.wrapped.length]).toEqual(['destroyed', 0])
    expect([hex(left!.id), left!.state, left!.kek_version]).toEqual([renewed, 'active', 2])
    const keks = await custody.registry.database.selectFrom('keks').selectAll().orderBy('version').execute()
    expect(keks.map(({ state, wrapped }) => [state, wrapped.length > 0])).toEqual([
      ['destroyed', false],
      ['active', true],
    ])
    expect(await lease(old)).toBe('Unknown')
    expect((await lease()) as string[]).toEqual([renewed])
    expect(await statements()).toMatchObject([
      { kind: 'erasure', body: { state: 'destroyed', tenant: 'acme', proposal: id, chosen: [old], keys: 1 } },
    ])
  })

  it('is certified once the last backup has expired that may hold the key', async () => {
    const { custody, pass, clock, lease, statements } = await begin()
    const [key] = (await lease()) as string[]
    const { id } = await pass('destroy-keys', { params: { keys: [key!] }, target: 1 }, DAY)
    await expect(certifyErasure(custody, id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    clock.now += 35 * DAY - 1
    await expect(certifyErasure(custody, id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    clock.now += 1
    const { statement } = await certifyErasure(custody, id)
    expect(openStatement(statement, custody.opened().log.verifier).body).toMatchObject({ state: 'erased' })
    const stated = await statements()
    expect(stated.map(({ body }) => body['state'])).toEqual(['destroyed', 'erased'])
    // As evidence: the entry is in the log, which nobody can take it out of.
    const { log } = custody.opened()
    const index = log.head.size - 1
    const proof = { index, hashes: await log.inclusion(index), checkpoint: log.head.note }
    const evidence = { statement, leaf: await log.leaf(index), proof }
    expect(verifyEvidence(evidence, { log: log.verifier }).statement.body).toMatchObject({ state: 'erased' })
  })

  it('of all that a tenant has takes its KEKs too, and exports that nobody fetched', async () => {
    const { custody, pass, lease, rows } = await begin()
    await lease()
    const recipient = (await generateHpkeKey()).publicKey.toString('base64url')
    const exported = { recipient, buckets: ['*'], epochs: ['*'] }
    const { id } = await pass('export-keys', { params: exported, target: 1 }, DAY)
    await fetchExport(custody, id)
    const { body } = await pass('destroy-keys', { params: { keys: ['*'] }, target: 1 }, DAY)
    expect(body.state).toBe('done')
    expect((await rows()).every(({ state, wrapped }) => state === 'destroyed' && wrapped.length === 0)).toBe(
      true,
    )
    const keks = await custody.registry.database.selectFrom('keks').selectAll().execute()
    expect(keks.filter(({ state }) => state !== 'destroyed').map(({ version }) => version)).toEqual([2])
    await expect(fetchExport(custody, id)).rejects.toMatchObject({ code: 'Unknown' })
  })

  it('takes no key of another tenant, and none that is gone already', async () => {
    const { governance, people, document, pass, lease, custody, clock } = await begin()
    const [key] = (await lease()) as string[]
    const [foreign] = await custody.opened().groupKeys.current('other', 'photos', clock.now)
    await pass('destroy-keys', { params: { keys: [key!] }, target: 1 }, DAY)
    for (const keys of [[hex(foreign!.id)], [key!], ['0'.repeat(32)]]) {
      const text = document('destroy-keys', { params: { keys }, target: 1 })
      await expect(
        governance.proposals.propose(Buffer.from(text), people.anna.fingerprint),
      ).rejects.toMatchObject({ code: 'Unknown' })
    }
  })
})

describe('a suspended key', () => {
  it('is leased to nobody until officers lift it; one person may suspend', async () => {
    const { governance, people, document, signed, pass, lease, dropped } = await begin()
    const [key] = (await lease()) as string[]
    const text = document('suspend', { params: { keys: [key!] }, proposer: people.dora.fingerprint })
    const kept = await governance.proposals.actAlone(Buffer.from(text), ...signed(text, people.dora))
    expect(kept.body.state).toBe('done')
    expect(dropped).toEqual([{ tenant: 'acme' }])
    expect(await lease()).toBe('Refused')
    expect(await lease(key)).toBe('Unknown')
    await pass('resume', { params: { keys: [key!] } })
    expect(await lease()).toEqual([key])
  })
})
