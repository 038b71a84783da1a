import { createHash, randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { approvalText, type Decision } from '../../../src/custody/approvals/approval.ts'
import { newNonce, proposalId } from '../../../src/custody/approvals/document.ts'
import type { Act } from '../../../src/custody/approvals/policy.ts'
import { canonical, type Json } from '../../../src/custody/canonical.ts'
import { REQUEST_LABEL } from '../../../src/custody/signed-request.ts'
import { makeToken } from '../../../src/custody/tokens.ts'
import { copiedRows } from '../../../src/registry/custody/copy.ts'
import { person } from '../../../tools/demo/people.ts'
import type { SshSigner } from '../approvals/ssh-signer.ts'
import { govern, HOUR, ORIGIN } from '../governed.ts'
import { startAttended } from './attended.ts'
import { startCustodian, type TestCustodian } from './custodian.ts'
import { call } from './officers-client.ts'
import { officersRoutes } from './routes.ts'

const TENANT = { split: false, ttl: 900_000, perUse: [], fence: null } as const
const ORDER = {
  ...{ authority: 'a court', legalBase: 'a law', reach: 'all', tenant: 'acme', legalBar: '' },
  document: 'b'.repeat(64),
}

let custodian: TestCustodian
let people: Awaited<ReturnType<typeof govern>>['people']
let token: { readonly secret: string; readonly id: string }

beforeEach(async () => {
  const place = await govern({ now: Date.now })
  people = place.people
  await place.open()
  await place.pass('loosen', { params: TENANT })
  await place.close()
  custodian = await startCustodian({ folder: place.folder })
  const { custody } = custodian
  await custody.opened().groupKeys.current('acme', 'photos', custody.now())
  token = await makeToken(custody, 'operator', HOUR, [], people.ben.fingerprint)
})

/** Digest of every row, and what callers did. */
async function everything(of: Pick<TestCustodian, 'custody'>): Promise<string> {
  const { registry } = of.custody
  const hash = createHash('sha256')
  await registry.snapshot(async transaction => {
    for await (const row of copiedRows(transaction)) hash.update(JSON.stringify(row))
    for (const table of ['answers', 'seen'] as const)
      hash.update(JSON.stringify(await transaction.selectFrom(table).selectAll().execute()))
  })
  return hash.digest('hex')
}

const post = async (path: string, body: unknown, secret?: string) =>
  await call(custodian.officers.port, 'POST', path, body, secret)

async function draft(act: Act, params: { readonly [name: string]: Json }, by: SshSigner): Promise<string> {
  const wish = { act, tenant: 'acme', params, reason: 'a test', proposer: by.fingerprint }
  return (await post('/v1/drafts', wish)).json['document'] as string
}

const decision = (of: string, by: SshSigner, kind: Decision = 'approve') => {
  const about = { origin: ORIGIN, decision: kind, proposal: of, signer: by.fingerprint }
  return approvalText({ ...about, expires: Date.now() + HOUR, nonce: newNonce() })
}

function asked(act: string, params: { readonly [name: string]: Json }, dryRun = true) {
  const by = people.ben.fingerprint
  const about = { label: REQUEST_LABEL, origin: ORIGIN, act, params, by, at: Date.now(), nonce: randomUUID() }
  const document = canonical(dryRun ? { ...about, dryRun } : about)
  return { document, signature: people.ben.sign(document) }
}

/** A proposal of anna's; approved by the others where it is wished. */
async function proposed(approved: boolean): Promise<string> {
  const { proposals } = custodian.governance
  const document = await draft('loosen', { ...TENANT, ttl: approved ? 60_000 : 120_000 }, people.anna)
  const { id } = await proposals.propose(Buffer.from(document), people.anna.fingerprint)
  for (const by of approved ? [people.ben, people.cem, people.dora] : []) {
    const text = decision(id, by)
    await proposals.decide(text, by.sign(text))
  }
  return id
}

test('a dry run of every call says what would be done, and changes neither store nor log', async () => {
  const { anna, ben, dora } = people
  const [open, approved] = [await proposed(false), await proposed(true)]
  const order = asked('order', ORDER, false)
  expect((await post('/v1/requests', order)).status).toBe(200)
  const proposal = await draft('loosen', TENANT, anna)
  const closing = await draft('kill', {}, ben)
  const tightening = await draft('tighten', { ...TENANT, ttl: 60_000 }, ben)
  const dryRun = true
  const alone = (document: string) => ({ document, text: decision(proposalId(document), ben), dryRun })
  const requests: readonly [string, { readonly [name: string]: Json }][] = [
    ['enrolment-ticket', { tenant: 'acme', buckets: ['*'] }],
    ['token', { scope: 'auditor', lifetime: HOUR, networks: [] }],
    ['revoke-token', { token: token.id }],
    ['order', { ...ORDER, document: 'c'.repeat(64) }],
    ['transparency-report', { from: 0, to: 1 }],
  ]
  const calls: readonly [path: string, body: unknown, secret?: string][] = [
    ['/v1/proposals', { document: proposal, dryRun }],
    ['/v1/decisions', { text: decision(open, ben), dryRun }],
    ['/v1/decisions', { text: decision(open, dora, 'veto'), dryRun }],
    [`/v1/proposals/${approved}/execute`, { dryRun }, token.secret],
    ['/v1/close', alone(closing)],
    ['/v1/alone', alone(tightening)],
    ['/v1/rotations/kek', { tenant: 'acme', dryRun }, token.secret],
    ['/v1/rotations/epoch', { tenant: 'acme', bucket: 'photos', dryRun }, token.secret],
    ...requests.map(([act, params]) => ['/v1/requests', asked(act, params)] as [string, object]),
  ]
  const before = await everything(custodian)
  for (const [path, body, secret] of calls) {
    const { status, json } = await post(path, body, secret)
    expect({ path, status, json }).toMatchObject({
      status: 200,
      json: { dryRun, would: expect.stringMatching(/\w+ .*\.$/) },
    })
    expect(await everything(custodian), path).toBe(before)
  }
  expect(custodian.custody.state).toBe('unsealed')

  // What a person signs, shares, and a first ceremony have dry runs of their own, below and at the command line.
  const others = ['ceremony', 'agreement', 'agreement/signatures', 'shares', 'deals', 'unseal', 'backups']
  const keepsNothing = ['drafts', 'passkeys', 'passkeys/options']
  const known = [...others, ...keepsNothing].map(name => `/v1/${name}`)
  const tried = calls.map(([path]) => path.replace(approved, '{id}'))
  const screen = (path: string) => path.startsWith('/v1/escorts/')
  for (const { method, path } of await officersRoutes())
    if (method === 'POST' && !screen(path)) expect([...known, ...tried]).toContain(path)
})

test('a dry run is refused as the act would be, and changes nothing then either', async () => {
  const { anna, ben, emil } = people
  const open = await proposed(false)
  const stranger = await makeToken(custodian.custody, 'auditor', HOUR, [], ben.fingerprint)
  const dryRun = true
  const calls: readonly [code: string, path: string, body: unknown, secret?: string][] = [
    ['Refused', '/v1/decisions', { text: decision(open, anna), dryRun }],
    ['Refused', '/v1/decisions', { text: decision(open, ben, 'veto'), dryRun }],
    ['AwaitsApproval', `/v1/proposals/${open}/execute`, { dryRun }, token.secret],
    ['Refused', '/v1/rotations/kek', { tenant: 'acme', dryRun }, stranger.secret],
    ['Unknown', '/v1/rotations/epoch', { tenant: 'acme', bucket: 'none', dryRun }, token.secret],
    ['Unknown', '/v1/requests', asked('enrolment-ticket', { tenant: 'none', buckets: ['*'] })],
    [
      'Malformed',
      '/v1/requests',
      asked('token', { scope: 'auditor', lifetime: 91 * 24 * HOUR, networks: [] }),
    ],
    ['Malformed', '/v1/requests', asked('order', { ...ORDER, document: 'no digest' })],
    ['Unknown', '/v1/requests', asked('lift-bar', { order: 'd'.repeat(64) })],
    ['Malformed', '/v1/requests', asked('transparency-report', { from: 2, to: 1 })],
    ['Unknown', '/v1/requests', asked('certify-erasure', { proposal: open })],
    ['Unknown', '/v1/requests', asked('deposit', { tenant: 'acme' })],
    ['Refused', '/v1/deals', asked('deal', {})],
    ['Refused', '/v1/backups', { dryRun }, token.secret],
    ['Malformed', '/v1/decisions', { text: decision(open, emil), signature: 'x', dryRun }],
  ]
  const before = await everything(custodian)
  for (const [code, path, body, secret] of calls) {
    expect({ path, ...(await post(path, body, secret)) }).toMatchObject({ path, json: { code } })
    expect(await everything(custodian), path).toBe(before)
  }
})

test('what was signed for a dry run does nothing when it is sent as it is, again', async () => {
  const ask = asked('token', { scope: 'auditor', lifetime: HOUR, networks: [] })
  const before = await everything(custodian)
  for (let i = 0; i < 2; i++) expect((await post('/v1/requests', ask)).json).toMatchObject({ dryRun: true })
  expect(await everything(custodian)).toBe(before)
  const changed = ask.document.replace('"dryRun":true', '"dryRun":false')
  expect((await post('/v1/requests', { ...ask, document: changed })).json).toMatchObject({
    code: 'Unverified',
  })
})

test('a first ceremony is tried with its own rules, and nothing is dealt', async () => {
  const fresh = await startAttended()
  const anna = await person('anna', 'trustee')
  const holder = { name: 'anna', publicKey: anna.hpke.publicKey.toString('base64url') }
  const plan = (needed: number) => ({
    ...{ origin: 'custodian.test/treuhand', needed: 1 },
    parties: [{ name: 'trustee', needed, holders: [holder, { ...holder, name: 'ben' }] }],
  })
  const ask = async (needed: number) =>
    await call(fresh.officers.port, 'POST', '/v1/ceremony', {
      ...{ plan: plan(needed), approvers: {}, development: false, dryRun: true },
    })
  const before = await everything(fresh)
  expect((await ask(2)).json).toMatchObject({ dryRun: true })
  expect((await ask(1)).json).toMatchObject({ code: 'Malformed' })
  expect(await everything(fresh)).toBe(before)
  expect(fresh.custody.state).toBe('uninitialised')
})
