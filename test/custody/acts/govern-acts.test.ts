import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY, policyDigest } from '../../../src/custody/approvals/policy.ts'
import { makeToken, revokeToken } from '../../../src/custody/tokens.ts'
import { govern, HOUR } from '../governed.ts'

const DAY = 24 * HOUR
const tenant = { split: false, ttl: 900_000, perUse: [], fence: null }

async function begin() {
  const governed = await govern()
  await governed.open()
  return governed
}

describe('a grant', () => {
  it('gives an enrolled proxy other buckets and a dated pass as staff, and tells it', async () => {
    const { custody, governance, people, pass, document, clock } = await begin()
    const proxy = 'f'.repeat(64)
    const kept = { tenant: 'acme', buckets: ['photos'], key: '', state: 'enrolled' as const, staffUntil: 0 }
    await custody.keep('proxy', proxy, undefined, kept, { type: 'enrolment', at: clock.now, body: {} })
    const dropped: unknown[] = []
    custody.onDrop(scope => dropped.push(scope))
    const params = { proxy, buckets: ['papers'], staffUntil: clock.now + DAY }
    expect((await pass('grant', { params, target: 1 })).body.state).toBe('done')
    expect((await custody.opened().records.find('proxy', proxy))!.body).toMatchObject({
      buckets: ['papers'],
      staffUntil: params.staffUntil,
    })
    expect(dropped).toEqual([{ proxy }])
    const refused = [
      document('grant', { params: { ...params, staffUntil: clock.now + 91 * DAY }, target: 2 }),
      document('grant', { params, target: 2, tenant: 'other' }),
    ]
    for (const text of refused)
      await expect(
        governance.proposals.propose(Buffer.from(text), people.anna.fingerprint),
      ).rejects.toMatchObject({ code: 'Refused' })
  })
})

describe('changed thresholds', () => {
  const rules = { 'enrol-proxy': { officers: 1, delegates: 1, wait: 0, alone: false } }

  it('hold after the quorum, a delegate and a day, and make open proposals stale', async () => {
    const { governance, approved, pass } = await begin()
    const open = await approved('loosen', { params: tenant })
    const { body } = await pass('change-thresholds', { params: { rules }, target: 1 }, DAY)
    expect(body.state).toBe('done')
    await expect(governance.proposals.execute(open)).rejects.toMatchObject({ code: 'Stale' })
    const policy = policyDigest({ ...DEFAULT_POLICY, ...rules })
    const needed = { officers: 1, delegates: 1, wait: 0, alone: false }
    const params = { proxy: 'f'.repeat(64), key: 'AAAA', buckets: ['*'] }
    // The rules in force are the new ones: it is refused for its key, not for its approvals.
    await expect(pass('enrol-proxy', { params, policy, needed })).rejects.toThrow(/fingerprint/)
  })

  it('never let one person open anything, nor lock everybody out', async () => {
    const { governance, people, document } = await begin()
    const alone = { officers: 0, delegates: 0, wait: 0, alone: true }
    const wrong = [
      { 'export-keys': alone },
      { 'enrol-proxy': { officers: 0, delegates: 0, wait: 0, alone: false } },
      { 'change-officers': { officers: 9, delegates: 0, wait: 0, alone: false } },
      { 'change-thresholds': { officers: 1, delegates: 9, wait: 0, alone: false } },
    ]
    for (const rules of wrong) {
      const text = document('change-thresholds', { params: { rules }, target: 1 })
      await expect(
        governance.proposals.propose(Buffer.from(text), people.anna.fingerprint),
      ).rejects.toMatchObject({ code: 'Refused' })
    }
  })
})

describe('officers and delegates', () => {
  it('cannot all be removed: the customer keeps a delegate, and enough remain to undo it', async () => {
    const { governance, people, document, pass } = await begin()
    const leaves = (officer: string) => ({ params: { officer, approver: null }, target: 1 })
    const { body } = await pass('change-officers', leaves(people.emil.fingerprint), DAY)
    expect(body.state).toBe('done')
    const last = document('change-officers', leaves(people.dora.fingerprint))
    await expect(governance.proposals.propose(Buffer.from(last), people.anna.fingerprint)).rejects.toThrow(
      /no delegate left/,
    )
    const officer = document('change-officers', leaves(people.cem.fingerprint))
    await expect(governance.proposals.propose(Buffer.from(officer), people.anna.fingerprint)).rejects.toThrow(
      /nothing could undo/,
    )
  })

  it('who proposed and was removed leave a stale proposal behind', async () => {
    const { governance, people, document, signed, pass } = await begin()
    const text = document('loosen', { params: tenant, proposer: people.emil.fingerprint })
    const { id } = await governance.proposals.propose(Buffer.from(text), people.emil.fingerprint)
    await pass(
      'change-officers',
      { params: { officer: people.emil.fingerprint, approver: null }, target: 1 },
      DAY,
    )
    await expect(governance.proposals.decide(...signed(text, people.ben))).rejects.toMatchObject({
      code: 'Stale',
    })
    expect((await governance.proposals.look(id)).body.state).toBe('stale')
  })
})

describe('a token that proposes', () => {
  it('stands for whoever made it: nobody approves what their own token proposed', async () => {
    const { custody, governance, people, document, signed } = await begin()
    const { id: token } = await makeToken(custody, 'operator', DAY, [], people.ben.fingerprint)
    const text = document('loosen', { params: tenant, proposer: token })
    const { id } = await governance.proposals.propose(Buffer.from(text), token)
    await expect(governance.proposals.decide(...signed(text, people.ben))).rejects.toThrow(/their own/)
    for (const by of [people.anna, people.cem, people.dora])
      await governance.proposals.decide(...signed(text, by))
    expect((await governance.proposals.execute(id)).body.state).toBe('done')
  })

  it('and was revoked since leaves a stale proposal behind', async () => {
    const { custody, governance, people, document } = await begin()
    const { id: token } = await makeToken(custody, 'operator', DAY, [], people.ben.fingerprint)
    const text = document('loosen', { params: tenant, proposer: token })
    const { id } = await governance.proposals.propose(Buffer.from(text), token)
    await revokeToken(custody, token, people.ben.fingerprint)
    expect((await governance.proposals.look(id)).body.state).toBe('stale')
  })
})
