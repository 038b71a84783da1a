import { randomUUID } from 'node:crypto'
import Schema from 'typebox/schema'
import { beforeAll, expect, test } from 'vitest'
import { approvalText } from '../../../src/custody/approvals/approval.ts'
import { newNonce, proposalId } from '../../../src/custody/approvals/document.ts'
import { canonical, type Json } from '../../../src/custody/canonical.ts'
import { REQUEST_ANSWERS } from '../../../src/custody/server/answers.ts'
import { REQUEST_LABEL } from '../../../src/custody/signed-request.ts'
import { makeToken } from '../../../src/custody/tokens.ts'
import { govern, HOUR } from '../governed.ts'
import { held, hold } from './answers.ts'
import { cast, ceremony, ORIGIN, startAttended } from './attended.ts'
import { startCustodian } from './custodian.ts'
import { call, observers } from './officers-client.ts'
import { officersRoutes } from './routes.ts'

const TENANT = { split: false, ttl: 900_000, perUse: [], fence: null }

beforeAll(() => {
  observers.push(hold)
})

test('what a ceremony and an unsealing are answered with is what OpenAPI tells', async () => {
  const custodian = await startAttended()
  const officers = await ceremony(custodian, await cast())
  await officers.status()
  expect([...held]).toEqual(
    expect.arrayContaining([
      'POST /v1/ceremony 200',
      'GET /v1/desk 200',
      'POST /v1/shares 200',
      'GET /v1/status 200',
    ]),
  )
})

test('what officers, delegates and scripts are answered with is what OpenAPI tells', async () => {
  const place = await govern({ now: Date.now })
  const { anna, ben, cem, dora } = place.people
  await place.open()
  await place.pass('loosen', { params: TENANT })
  await place.close()
  const custodian = await startCustodian({ folder: place.folder })
  const { custody } = custodian
  const { origin } = custody
  await custody.opened().groupKeys.current('acme', 'photos', custody.now())
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown, token?: string) => {
    const { status, json } = await call(custodian.officers.port, method, path, body, token)
    expect({ path, status, json }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) })
    return json
  }
  const tokens = Object.fromEntries(
    await Promise.all(
      (['operator', 'auditor'] as const).map(async scope => [
        scope,
        (await makeToken(custody, scope, HOUR, [], ben.fingerprint)).secret,
      ]),
    ),
  ) as Record<'operator' | 'auditor', string>
  const draft = async (act: string, by: typeof ben, params: Json) =>
    (await ask('POST', '/v1/drafts', { act, tenant: 'acme', params, reason: 'x', proposer: by.fingerprint }))[
      'document'
    ] as string
  const decided = (document: string, by: typeof ben) => {
    const about = {
      origin,
      decision: 'approve',
      proposal: proposalId(document),
      signer: by.fingerprint,
    } as const
    const text = approvalText({ ...about, expires: Date.now() + HOUR, nonce: newNonce() })
    return { text, signature: by.sign(text) }
  }
  const request = async (act: keyof typeof REQUEST_ANSWERS, params: Json) => {
    const about = { label: REQUEST_LABEL, origin, act, params, by: ben.fingerprint }
    const document = canonical({ ...about, at: Date.now(), nonce: randomUUID() } as Json)
    const answer = await ask('POST', '/v1/requests', { document, signature: ben.sign(document) })
    expect(Schema.Check(REQUEST_ANSWERS[act], answer), `${act}: ${JSON.stringify(answer)}`).toBe(true)
    answered.add(act)
    return answer
  }
  const answered = new Set<string>()

  const document = await draft('loosen', anna, { ...TENANT, ttl: 120_000 })
  await ask('POST', '/v1/proposals', { document, dryRun: true })
  const { id } = await ask('POST', '/v1/proposals', { document, signature: anna.sign(document) })
  for (const by of [ben, cem, dora]) await ask('POST', '/v1/decisions', decided(document, by))
  await ask('POST', `/v1/proposals/${id}/execute`, { dryRun: true }, tokens.operator)
  await ask('POST', `/v1/proposals/${id}/execute`, {}, tokens.operator)
  await ask('GET', `/v1/proposals/${id}`, undefined, tokens.auditor)
  await ask('GET', '/v1/proposals', undefined, tokens.auditor)
  await ask('GET', '/v1/epochs/acme', undefined, tokens.auditor)
  await ask('GET', '/v1/escorts', undefined, tokens.auditor)
  await ask('POST', '/v1/rotations/kek', { tenant: 'acme' }, tokens.operator)
  await ask('POST', '/v1/rotations/epoch', { tenant: 'acme', bucket: 'photos' }, tokens.operator)
  await request('enrolment-ticket', { tenant: 'acme', buckets: ['*'] })
  const { id: made } = await request('token', { scope: 'auditor', lifetime: HOUR, networks: [] })
  await request('revoke-token', { token: String(made) })
  const order = { authority: 'a court', legalBase: 'a law', reach: 'all', tenant: 'acme' }
  const paper = { ...order, document: 'b'.repeat(64), legalBar: 'another law' }
  await request('order', paper)
  await request('show-order', { order: paper.document })
  await request('lift-bar', { order: paper.document })
  await request('transparency-report', { from: 0, to: 1 })
  await request('escorts', {})
  // These three hand out one signed text, of what takes a day or more: test/custody/acts.
  const others = ['certify-erasure', 'deposit', 'export']
  expect([...answered, ...others].sort()).toEqual(Object.keys(REQUEST_ANSWERS).sort())
  const tightened = await draft('tighten', ben, { ...TENANT, ttl: 60_000 })
  await ask('POST', '/v1/alone', { document: tightened, ...decided(tightened, ben) })
  const killed = await draft('kill', ben, {})
  await ask('POST', '/v1/close', { document: killed, ...decided(killed, ben) })
  // Refusals too are told.
  await call(custodian.officers.port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, tokens.operator)
  await call(custodian.officers.port, 'POST', '/v1/shares', {})
  expect(held).toContain('POST /v1/shares 400')
  expect(held).toContain('POST /v1/close 200')
  expect(origin).not.toBe(ORIGIN)
})

test('every call of the officers says what it answers with', async () => {
  for (const { method, url } of await officersRoutes()) {
    const path = url.replace('/v1/log/checkpoint', '/v1/log/x')
    expect(() => hold(method, path, 404, { code: 'Unknown', message: 'x' })).not.toThrow()
  }
})

test('an answer that is not as it was told is found', () => {
  const lacking = { origin: 'x', state: 'sealed' }
  expect(() => hold('GET', '/v1/status', 200, lacking)).toThrow(/GET \/v1\/status/)
  const status = { ...lacking, stops: [], seal: null, backup: 'none', loss: null }
  expect(() => hold('GET', '/v1/status', 200, status)).not.toThrow()
  expect(() => hold('GET', '/v1/status', 200, { ...status, more: 1 })).toThrow(/more/)
})
