import { describe, expect, it } from 'vitest'
import { readGenesis } from '../../src/custody/approvals/genesis.ts'
import { readEntry } from '../../src/custody/log/entry.ts'
import { storedFiles } from '../../src/custody/log/files.ts'
import { verifyLog } from '../../src/custody/log/verify.ts'
import { findOrder, registerOrder } from '../../src/custody/orders/register.ts'
import { openStatement } from '../../src/evidence/statement.ts'
import { SshSigner } from './approvals/ssh-signer.ts'
import { govern, HOUR, ORIGIN } from './governed.ts'

async function begin() {
  const governed = await govern()
  await governed.open()
  return governed
}

const tenant = { split: false, ttl: 900_000, perUse: [], fence: null }

describe('a governed custodian', () => {
  it('begins its log with the genesis document, and verifies to its end', async () => {
    const { custody, pass } = await begin()
    expect((await pass('loosen', { params: tenant })).body.state).toBe('done')
    const { log } = custody.opened()
    const { genesis } = readGenesis(readEntry(await log.leaf(0)), ORIGIN)
    expect(Object.values(genesis.approvers)).toHaveLength(5)
    const { types } = await verifyLog(storedFiles(custody.logStore), { log: log.verifier })
    expect(types).toMatchObject({ genesis: 1, proposal: 1, approval: 3, intent: 1, outcome: 1 })
  })

  it('makes a tenant by proposal, and tightens it at one word', async () => {
    const { custody, governance, people, document, signed, pass } = await begin()
    await pass('loosen', { params: tenant })
    expect((await custody.opened().records.find('tenant', 'acme'))!.body).toEqual(tenant)
    const tighter = document('tighten', {
      params: { ...tenant, ttl: 60_000 },
      target: 1,
      proposer: people.dora.fingerprint,
    })
    const kept = await governance.proposals.actAlone(Buffer.from(tighter), ...signed(tighter, people.dora))
    expect(kept.body.state).toBe('done')
    const looser = document('tighten', { params: tenant, target: 2, proposer: people.dora.fingerprint })
    await expect(
      governance.proposals.actAlone(Buffer.from(looser), ...signed(looser, people.dora)),
    ).rejects.toThrow(/propose it as loosen/)
  })

  it('admits an officer after a day, and no person in two roles', async () => {
    const { custody, pass } = await begin()
    const emil = new SshSigner()
    const approver = {
      role: 'officer' as const,
      party: 'officer',
      person: 'gerd',
      key: { kind: 'ssh' as const, line: emil.line },
    }
    const params = { officer: emil.fingerprint, approver }
    expect((await pass('change-officers', { params }, 24 * HOUR)).body.state).toBe('done')
    expect((await custody.opened().records.find('officer', emil.fingerprint))!.body).toMatchObject({
      state: 'active',
    })
    const again = new SshSigner()
    const twice = {
      officer: again.fingerprint,
      approver: { ...approver, role: 'delegate' as const, key: { kind: 'ssh' as const, line: again.line } },
    }
    await expect(pass('change-officers', { params: twice }, 24 * HOUR)).rejects.toThrow(/one role/)
  })

  it.each([
    ['in full', ''],
    ['by its digest alone under a legal bar', 'section 95a StPO'],
  ])('answers an order by a signed statement, which the log shows %s', async (_, legalBar) => {
    const { custody, pass } = await begin()
    const order = 'd'.repeat(64)
    const texts = { authority: 'a court', legalBase: 'a law', reach: 'all', document: order, tenant: 'acme' }
    await registerOrder(custody, { ...texts, legalBar }, 'anna')
    expect((await pass('answer-order', { params: { order }, target: 1 })).body.state).toBe('done')
    const { log } = custody.opened()
    const { answer } = (await findOrder(custody, order)).body
    expect(openStatement(answer, log.verifier).body).toMatchObject({ authority: 'a court' })
    const shown: unknown[] = []
    await verifyLog(storedFiles(custody.logStore), { log: log.verifier }, [], ({ type, body }) => {
      if (type === 'statement') shown.push(body['statement'])
    })
    expect(shown).toEqual([legalBar === '' ? answer : null])
  })

  it('is sealed and killed at the word of one, and only with a true signature', async () => {
    const { custody, governance, people, document, signed, open } = await begin()
    const seal = document('seal', { tenant: '*' })
    const [text] = signed(seal, people.anna)
    await expect(governance.close(Buffer.from(seal), text, people.ben.sign(text))).rejects.toMatchObject({
      code: 'Unverified',
    })
    const other = document('seal', { tenant: '*' })
    await expect(governance.close(Buffer.from(other), ...signed(seal, people.anna))).rejects.toMatchObject({
      code: 'Unverified',
    })
    await governance.close(Buffer.from(seal), ...signed(seal, people.anna))
    expect(custody.state).toBe('sealed')
    await open()
    const kill = document('kill', { tenant: '*', proposer: people.dora.fingerprint })
    await governance.close(Buffer.from(kill), ...signed(kill, people.dora))
    expect(custody.state).toBe('killed')
    await open()
    expect(() => custody.opened('acme')).toThrow(/kill switch/)
  })

  it('takes no proposal whose parameters are not those of its act', async () => {
    const { governance, document, people } = await begin()
    for (const params of [{}, { ...tenant, ttl: 1 }, { ...tenant, more: true }])
      await expect(
        governance.proposals.propose(Buffer.from(document('loosen', { params })), people.anna.fingerprint),
      ).rejects.toMatchObject({ code: 'Malformed' })
  })

  it('cannot be made to accept a loss where nothing is missing', async () => {
    const { governance, document, people } = await begin()
    await expect(
      governance.proposals.propose(Buffer.from(document('accept-loss')), people.anna.fingerprint),
    ).rejects.toMatchObject({ code: 'Refused' })
  })
})
