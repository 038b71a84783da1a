import { describe, expect, it } from 'vitest'
import { approvalText, readApproval } from '../../../src/custody/approvals/approval.ts'
import { newNonce, proposalId, readProposal, writeProposal } from '../../../src/custody/approvals/document.ts'
import { ACTS, checkPolicy, DEFAULT_POLICY, neededFor } from '../../../src/custody/approvals/policy.ts'
import { ORIGIN, TestGround } from './ground.ts'

const HOUR = 3_600_000

describe('a proposal', () => {
  it('is carried out once two officers and a delegate beside its proposer have approved', async () => {
    const ground = new TestGround()
    const id = await ground.propose('enrol-proxy')
    expect((await ground.approve(id, ground.ben)).body.state).toBe('open')
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    expect((await ground.approve(id, ground.cem)).body.state).toBe('open')
    expect((await ground.approve(id, ground.dora)).body.state).toBe('approved')
    expect((await ground.proposals.execute(id)).body.state).toBe('done')
    expect(ground.carried).toEqual([id])
    expect(ground.entries.map(({ type }) => type)).toEqual([
      'proposal',
      'approval',
      'approval',
      'approval',
      'intent',
      'outcome',
    ])
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Conflict' })
    expect(ground.carried).toEqual([id])
  })

  it('to destroy waits a day after the last approval, by the clock of the witness', async () => {
    const ground = new TestGround()
    const id = await ground.propose('destroy-keys')
    expect((await ground.approve(id, ground.ben, ground.cem, ground.dora, ground.emil)).body.state).toBe(
      'waiting',
    )
    ground.clock += 48 * HOUR
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    ground.clock -= 96 * HOUR
    ground.theirs += 24 * HOUR - 1
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    ground.theirs += 1
    expect((await ground.proposals.execute(id)).body.state).toBe('done')
  })

  it('is not carried out while the clocks are apart', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben, ground.cem, ground.dora)
    ground.agree = false
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Refused' })
    ground.agree = true
    expect((await ground.proposals.execute(id)).body.state).toBe('done')
  })

  it('is ended by one veto of the customer, also while it waits, and not by an officer', async () => {
    const ground = new TestGround()
    const id = await ground.propose('export-keys')
    await ground.approve(id, ground.ben, ground.cem, ground.dora, ground.emil)
    const veto = { origin: ORIGIN, expires: ground.theirs + HOUR, decision: 'veto' as const }
    await expect(ground.proposals.decide(...ground.ben.decide(id, veto))).rejects.toMatchObject({
      code: 'Refused',
    })
    expect((await ground.proposals.decide(...ground.dora.decide(id, veto))).body.state).toBe('vetoed')
    ground.pass(30 * HOUR)
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Vetoed' })
    expect(ground.carried).toEqual([])
  })

  it('is rejected when those who are left can no longer carry it', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    const reject = { origin: ORIGIN, expires: ground.theirs + HOUR, decision: 'reject' as const }
    expect((await ground.proposals.decide(...ground.dora.decide(id, reject))).body.state).toBe('open')
    expect((await ground.proposals.decide(...ground.ben.decide(id, reject))).body.state).toBe('rejected')
    await expect(ground.approve(id, ground.cem)).rejects.toMatchObject({ code: 'Refused' })
  })

  it('expires', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant', { expires: ground.theirs + HOUR })
    await ground.approve(id, ground.ben, ground.cem, ground.dora)
    ground.pass(HOUR)
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Expired' })
    expect(ground.records.get(id)!.body.state).toBe('expired')
  })

  it('is stale when its target, the policy or a signer was changed', async () => {
    const changes: ((ground: TestGround) => void)[] = [
      ground => ground.revision++,
      ground => {
        ground.current = { ...DEFAULT_POLICY, grant: { officers: 1, delegates: 1, wait: 0, alone: false } }
      },
      ground => ground.known.delete(ground.ben.fingerprint),
      ground => {
        const ben = ground.known.get(ground.ben.fingerprint)!
        ground.known.set(ground.ben.fingerprint, { ...ben, role: 'delegate' })
      },
    ]
    for (const change of changes) {
      const ground = new TestGround()
      const id = await ground.propose('grant')
      await ground.approve(id, ground.ben, ground.cem, ground.dora)
      change(ground)
      await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Stale' })
      expect(ground.carried).toEqual([])
    }
  })

  it('goes on after a crash between intent, act and outcome, with the same id', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben, ground.cem, ground.dora)
    ground.carry = async () => {
      throw new Error('the registry is away')
    }
    await expect(ground.proposals.execute(id)).rejects.toThrow('the registry is away')
    expect(ground.records.get(id)!.body.state).toBe('executing')
    const again: string[] = []
    ground.carry = async (_, id) => again.push(id)
    await ground.proposals.sweep()
    expect(again).toEqual([id])
    expect(ground.records.get(id)!.body.state).toBe('done')
  })

  it('is not carried out before the witness has seen the intent', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben, ground.cem, ground.dora)
    ground.witnessAway = true
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Unreachable' })
    expect(ground.carried).toEqual([])
    ground.witnessAway = false
    expect((await ground.proposals.execute(id)).body.state).toBe('done')
  })

  it('that cannot be done is failed, and the log says so', async () => {
    const ground = new TestGround()
    const { CustodyError } = await import('../../../src/custody/errors.ts')
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben, ground.cem, ground.dora)
    ground.carry = async () => {
      throw new CustodyError('Unknown', 'there is no such bucket')
    }
    expect((await ground.proposals.execute(id)).body).toMatchObject({
      state: 'failed',
      outcome: 'there is no such bucket',
    })
    expect(ground.entries.at(-1)!.body).toMatchObject({ done: false, result: 'Unknown' })
  })

  it('that only closes is done by one officer or one delegate', async () => {
    const ground = new TestGround()
    for (const who of [ground.anna, ground.dora]) {
      const document = writeProposal(ground.proposal('kill', { proposer: who.fingerprint }))
      const signed = who.decide(proposalId(document), { origin: ORIGIN, expires: ground.theirs + HOUR })
      expect((await ground.proposals.actAlone(Buffer.from(document), ...signed)).body.state).toBe('done')
    }
    const document = writeProposal(ground.proposal('grant'))
    const signed = ground.anna.decide(proposalId(document), { origin: ORIGIN, expires: ground.theirs + HOUR })
    await expect(ground.proposals.actAlone(Buffer.from(document), ...signed)).rejects.toMatchObject({
      code: 'Refused',
    })
  })
})

describe('an attacker', () => {
  it('who proposes does not approve, not even with a second key', async () => {
    const ground = new TestGround()
    const second = ground.add('officer', 'anna')
    const id = await ground.propose('grant')
    for (const signer of [ground.anna, second])
      await expect(ground.approve(id, signer)).rejects.toThrow(/of their own/)
  })

  it('counts once, whatever keys he has', async () => {
    const ground = new TestGround()
    const second = ground.add('officer', 'ben')
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben)
    await expect(ground.approve(id, second)).rejects.toMatchObject({ code: 'Conflict' })
    await expect(ground.approve(id, ground.ben)).rejects.toMatchObject({ code: 'Conflict' })
  })

  it('cannot replay an approval: not here, not on another proposal, not at another custodian', async () => {
    const ground = new TestGround()
    const [id, other] = [await ground.propose('grant'), await ground.propose('grant')]
    const [text, signature] = ground.ben.decide(id, { origin: ORIGIN, expires: ground.theirs + HOUR })
    await ground.proposals.decide(text, signature)
    await expect(ground.proposals.decide(text, signature)).rejects.toMatchObject({ code: 'Conflict' })
    await expect(ground.proposals.decide(text.replace(id, other), signature)).rejects.toMatchObject({
      code: 'Unverified',
    })
    const elsewhere = ground.cem.decide(id, { origin: 'other.example/log', expires: ground.theirs + HOUR })
    await expect(ground.proposals.decide(...elsewhere)).rejects.toMatchObject({ code: 'Refused' })
  })

  it('cannot alter an approval, nor sign for another', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    const about = { origin: ORIGIN, expires: ground.theirs + HOUR, decision: 'reject' as const }
    const [text, signature] = ground.ben.decide(id, about)
    await expect(ground.proposals.decide(text.replace('reject', 'approve'), signature)).rejects.toMatchObject(
      { code: 'Unverified' },
    )
    const forCem = text.replace(ground.ben.fingerprint, ground.cem.fingerprint)
    await expect(ground.proposals.decide(forCem, ground.ben.sign(forCem))).rejects.toMatchObject({
      code: 'Unverified',
    })
    await expect(ground.proposals.decide(text, ground.ben.sign(text, 'file'))).rejects.toMatchObject({
      code: 'Unverified',
    })
    for (const bad of [`${text}\n`, text.replace('v1', 'v2'), text.replace(/\n$/, ''), text.toUpperCase()])
      await expect(ground.proposals.decide(bad, signature)).rejects.toMatchObject({ code: 'Malformed' })
  })

  it('gains nothing by an expired approval, neither when it comes nor when it is used', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    const late = ground.ben.decide(id, { origin: ORIGIN, expires: ground.theirs })
    await expect(ground.proposals.decide(...late)).rejects.toMatchObject({ code: 'Expired' })
    await ground.proposals.decide(...ground.ben.decide(id, { origin: ORIGIN, expires: ground.theirs + HOUR }))
    await ground.approve(id, ground.cem, ground.dora)
    ground.pass(2 * HOUR)
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'AwaitsApproval' })
    expect(ground.records.get(id)!.body.state).toBe('open')
  })

  it('cannot change a proposal after its approval', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben, ground.cem, ground.dora)
    const kept = ground.records.get(id)!
    const altered = { ...readProposal(Buffer.from(kept.body.document)), tenant: 'victim' }
    ground.records.set(id, { ...kept, body: { ...kept.body, document: writeProposal(altered) } })
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Unverified' })
    const other = proposalId(writeProposal(altered))
    ground.records.set(other, {
      ...kept,
      id: other,
      body: { ...kept.body, document: writeProposal(altered) },
    })
    await expect(ground.proposals.execute(other)).rejects.toMatchObject({ code: 'Unverified' })
    expect(ground.carried).toEqual([])
  })

  it('with the database cannot make a proposal approved: its signatures are verified anew', async () => {
    const ground = new TestGround()
    const id = await ground.propose('grant')
    await ground.approve(id, ground.ben)
    const kept = ground.records.get(id)!
    const forged = [ground.cem, ground.dora].map(signer => {
      const [text] = signer.decide(id, { origin: ORIGIN, expires: ground.theirs + HOUR })
      const { person, role } = ground.known.get(signer.fingerprint)!
      return { text, signature: kept.body.decisions[0]!.signature, person, role, at: 0 }
    })
    const decisions = [...kept.body.decisions, ...forged]
    ground.records.set(id, { ...kept, body: { ...kept.body, decisions, state: 'approved', readyAt: 1 } })
    await expect(ground.proposals.execute(id)).rejects.toMatchObject({ code: 'Unverified' })
    expect(ground.carried).toEqual([])
  })

  it('cannot propose with fewer approvals, an old date, a long life, another proposer or a second time', async () => {
    const ground = new TestGround()
    const propose = async (more: object, by = ground.anna.fingerprint) =>
      await ground.proposals.propose(
        Buffer.from(writeProposal({ ...ground.proposal('destroy-keys'), ...more })),
        by,
      )
    const { needed } = ground.proposal('destroy-keys')
    await expect(propose({ needed: { ...needed, officers: 0 } })).rejects.toMatchObject({ code: 'Refused' })
    await expect(propose({ needed: { ...needed, wait: 0 } })).rejects.toMatchObject({ code: 'Refused' })
    await expect(propose({ needed: { ...needed, alone: true } })).rejects.toMatchObject({ code: 'Refused' })
    await expect(propose({ created: ground.theirs - HOUR, expires: ground.theirs })).rejects.toMatchObject({
      code: 'Refused',
    })
    await expect(propose({ expires: ground.theirs + 73 * HOUR })).rejects.toMatchObject({ code: 'Malformed' })
    await expect(propose({}, ground.ben.fingerprint)).rejects.toMatchObject({ code: 'Refused' })
    await expect(propose({ origin: 'other' })).rejects.toMatchObject({ code: 'Refused' })
    await expect(propose({ policy: 'f'.repeat(64) })).rejects.toMatchObject({ code: 'Stale' })
    await expect(propose({ target: 7 })).rejects.toMatchObject({ code: 'Stale' })
    const nonce = newNonce()
    await propose({ nonce })
    await expect(propose({ nonce })).rejects.toMatchObject({ code: 'Conflict' })
  })

  it('cannot propose in any form but the canonical one', async () => {
    const ground = new TestGround()
    const text = writeProposal(ground.proposal('grant'))
    const { fingerprint } = ground.anna
    for (const bad of [
      text.replace('{"act"', '{ "act"'),
      text.replace('"needed"', '"extra":1,"needed"'),
      text.replace('"grant"', '"rule"'),
      text.replace('"tenant":"acme"', '"tenant":""'),
      text.replace('"target":0', '"target":0.5'),
      text.replace('proposal/v1', 'proposal/v2'),
      'null',
    ])
      await expect(ground.proposals.propose(Buffer.from(bad), fingerprint), bad).rejects.toMatchObject({
        code: 'Malformed',
      })
  })
})

describe('the policy', () => {
  it('never lets one person open anything', () => {
    checkPolicy(DEFAULT_POLICY)
    for (const act of ACTS.filter(act => !DEFAULT_POLICY[act].alone)) {
      const weaker = (rule: object) => ({ ...DEFAULT_POLICY, [act]: { ...DEFAULT_POLICY[act], ...rule } })
      expect(() => checkPolicy(weaker({ alone: true }))).toThrow(/alone/)
      expect(() => checkPolicy(weaker({ officers: 0, delegates: 0 }))).toThrow(/one person/)
      expect(() => checkPolicy(weaker({ officers: -1 }))).toThrow(/whole/)
    }
  })

  it('demands two officers where the customer has no delegates', () => {
    for (const act of ACTS.filter(act => !DEFAULT_POLICY[act].alone)) {
      const needed = neededFor(DEFAULT_POLICY, act, { quorum: 1, delegates: false })
      expect(needed.officers).toBeGreaterThanOrEqual(2)
      expect(needed.delegates).toBe(0)
    }
    expect(neededFor(DEFAULT_POLICY, 'change-seal', { quorum: 3, delegates: true }).officers).toBe(3)
  })
})

describe('the text of an approval', () => {
  it('reads back as it was written', () => {
    const approval = {
      origin: ORIGIN,
      decision: 'approve' as const,
      proposal: 'a'.repeat(64),
      signer: `SHA256:${'A'.repeat(43)}`,
      expires: 1_700_000_000_000,
      nonce: newNonce(),
    }
    expect(readApproval(approvalText(approval))).toEqual(approval)
    expect(() => readApproval(approvalText({ ...approval, origin: 'a\nb' }))).toThrow(/not an approval/)
  })
})
