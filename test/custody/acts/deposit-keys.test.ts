import { describe, expect, it } from 'vitest'
import { fetchDeposit } from '../../../src/custody/export/deposit.ts'
import { openKey, readKeyExport } from '../../../src/custody/export/key-export.ts'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import { govern, HOUR } from '../governed.ts'

const DAY = 24 * HOUR
const tenant = { split: 'ab'.repeat(16), ttl: 900_000, perUse: [], fence: null }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

async function begin() {
  const governed = await govern()
  await governed.open()
  await governed.pass('loosen', { params: tenant })
  return governed
}

describe('a deposit of group keys', () => {
  it('holds every key, those from before and each new one from the moment in which it is made', async () => {
    const { custody, pass, clock } = await begin()
    const { groupKeys, log } = custody.opened()
    const [before] = await groupKeys.current('acme', 'photos', clock.now)
    const offline = await generateHpkeKey()
    const params = { recipient: offline.publicKey.toString('base64url') }
    expect((await pass('deposit-keys', { params }, DAY)).body.state).toBe('done')
    const [after] = await groupKeys.current('acme', 'papers', clock.now)
    const rows = await custody.registry.database.selectFrom('deposits').select('id').execute()
    expect(rows.map(({ id }) => hex(id)).sort()).toEqual([hex(before!.id), hex(after!.id)].sort())

    const { export: document } = await fetchDeposit(custody, 'acme', 'an officer')
    const deposit = readKeyExport(document, log.verifier)
    expect(deposit).toMatchObject({ proposal: null, split: true, ...params })
    const keys = await Promise.all(deposit.keys.map(key => openKey(deposit, key, offline.privateKey)))
    expect(keys.map(hex).sort()).toEqual([hex(before!.key), hex(after!.key)].sort())
  })

  it('is of one tenant, takes what an export takes, and ends by a proposal', async () => {
    const { custody, governance, people, document, approved, pass, clock } = await begin()
    const { groupKeys } = custody.opened()
    await groupKeys.current('other', 'photos', clock.now)
    await groupKeys.current('acme', 'photos', clock.now)
    const recipient = (await generateHpkeKey()).publicKey.toString('base64url')
    const id = await approved('deposit-keys', { params: { recipient } })
    await expect(governance.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    clock.now += DAY
    await governance.proposals.execute(id)
    const { export: note } = await fetchDeposit(custody, 'acme', 'an officer')
    expect(readKeyExport(note, undefined).keys).toHaveLength(1)
    await expect(fetchDeposit(custody, 'other', 'an officer')).rejects.toMatchObject({ code: 'Unknown' })
    const wrong = document('deposit-keys', { params: { recipient: 'A'.repeat(43) }, target: 1 })
    await expect(
      governance.proposals.propose(Buffer.from(wrong), people.anna.fingerprint),
    ).rejects.toMatchObject({ code: 'Malformed' })
    await pass('deposit-keys', { params: { recipient: null }, target: 1 }, DAY)
    await expect(fetchDeposit(custody, 'acme', 'an officer')).rejects.toMatchObject({ code: 'Unknown' })
    expect(await custody.registry.database.selectFrom('deposits').select('id').execute()).toEqual([])
  })
})
