import { randomBytes } from 'node:crypto'
import { request } from 'node:https'
import { expect, test } from 'vitest'
import { makeEnrolmentToken } from '../../../src/custody/enrolment.ts'
import { escortId } from '../../../src/custody/escorts/key.ts'
import { generateHpkeKey } from '../../../src/custody/hpke.ts'
import type { OfficerRecord } from '../../../src/custody/people.ts'
import { halfFingerprint } from '../../../src/keys/half.ts'
import { readCredentials } from '../../../src/keys/remote/credentials.ts'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { Officers } from '../../../tools/demo/people.ts'
import { SshSigner } from '../approvals/ssh-signer.ts'
import { held, hold } from './answers.ts'
import { addTenant, type EnrolledProxy, enrolProxy, startCustodian, type TestCustodian } from './custodian.ts'
import { call } from './officers-client.ts'

/** What proxies are answered, each answer of a custodian's listener held against what OpenAPI tells. */

type Ask = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Record<string, unknown>>

/** Calls the proxies' listener with a proxy's certificate; every answer is held. */
async function askAs({ proxies }: TestCustodian, { folder }: Pick<EnrolledProxy, 'folder'>): Promise<Ask> {
  const { key, certificate: cert, authority: ca } = await readCredentials(folder)
  return async (method, path, body) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const about = {
      host: 'localhost',
      port: proxies.port,
      method,
      path,
      headers,
      key,
      cert,
      ca,
      agent: false,
    }
    const [status, text] = await new Promise<[number, string]>((resolve, reject) => {
      const sent = request(about, response => {
        let text = ''
        response.setEncoding('utf8').on('data', piece => {
          text += piece
        })
        response.on('end', () => resolve([response.statusCode!, text]))
      })
      sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
    })
    const answer = JSON.parse(text) as Record<string, unknown>
    hold(method, path, status, answer, 'proxies')
    return answer
  }
}

async function lease(ask: Ask, ...asks: readonly object[]): Promise<readonly Record<string, unknown>[]> {
  const to = (await generateHpkeKey()).publicKey.toString('base64url')
  const { answers } = await ask('POST', '/v1/leases', { asks, to })
  return answers as readonly Record<string, unknown>[]
}

test('leases are answered as OpenAPI tells: whole, refused, per use, and with a half', async () => {
  const custodian = await startCustodian()
  await addTenant(custodian, 'acme', { perUse: ['secret'] })
  await addTenant(custodian, 'divided', { split: halfFingerprint(randomBytes(32)) })
  const ask = await askAs(custodian, await enrolProxy(custodian, 'acme', ['photos', 'secret']))
  const [whole, perUse, refused] = await lease(
    ask,
    { bucket: 'photos' },
    { bucket: 'secret' },
    { bucket: 'other' },
  )
  expect(whole).toMatchObject({ keys: [{ key: expect.any(String), state: 'active' }] })
  expect(perUse).toMatchObject({ keys: [{ perUse: true }] })
  expect(refused).toMatchObject({ refused: 'Refused' })
  const [{ id }] = (whole as { keys: [{ id: string }] }).keys
  expect(await lease(ask, { bucket: 'photos', id })).toMatchObject([{ keys: [{ id }] }])
  const divided = await askAs(custodian, await enrolProxy(custodian, 'divided', ['photos']))
  expect(await lease(divided, { bucket: 'photos' })).toMatchObject([{ keys: [{ half: expect.any(String) }] }])

  const use = { bucket: 'secret', key: 'YQ', envelope: 'A'.repeat(216), action: 'GetObject' }
  expect(await ask('POST', '/v1/uses', { uses: [use] })).toMatchObject({
    answers: [{ refused: expect.any(String) }],
  })
  await ask('POST', '/v1/certificate', {})
  await ask('POST', '/v1/leases', {})
  expect([...held]).toEqual(
    expect.arrayContaining([
      ...['POST /v1/leases 200', 'POST /v1/uses 200', 'POST /v1/certificate 200', 'POST /v1/leases 400'],
    ]),
  )
})

test('an enrolment is answered as OpenAPI tells', async () => {
  const custodian = await startCustodian()
  await addTenant(custodian, 'acme')
  const proxy = await enrolProxy(custodian, 'acme', ['photos'])
  const ask = await askAs(custodian, proxy)
  await ask('GET', `/v1/enrolments/${proxy.fingerprint}`)
  await ask('GET', `/v1/enrolments/${'f'.repeat(64)}`)
  const { custody, url } = custodian
  const pending = await enrol(url, await makeEnrolmentToken(custody, 'acme', ['photos'], 'an officer'))
  await pending.close()
  hold('POST', '/v1/enrolments', 202, pending.request, 'proxies')
  expect(held).toContain('GET /v1/enrolments/{fingerprint} 200')
})

test('requests under an escort, and the screen that shows them, are answered as OpenAPI tells', async () => {
  const custodian = await startCustodian()
  await addTenant(custodian, 'acme')
  const { custody, officers } = custodian
  const dora = new SshSigner()
  const key = { kind: 'ssh', line: dora.line } as const
  const officer: OfficerRecord = { role: 'delegate', party: 'customer', person: 'dora', key, state: 'active' }
  const note = { type: 'policy', at: custody.now(), body: {} } as const
  await custody.keep('officer', dora.fingerprint, undefined, officer, note)
  const escort = escortId('a proposal')
  const grant = {
    ...{ tenant: 'acme', bucket: 'photos', prefixes: ['2026/'], actions: ['read'] as const },
    ...{
      networks: ['127.0.0.0/8'],
      until: custody.now() + 3_600_000,
      reason: 'a test',
      grantee: 'staff 4711',
    },
    ...{ recipient: (await generateHpkeKey()).publicKey.toString('base64url'), escort: dora.fingerprint },
    ...{ proposal: 'a proposal', state: 'open' as const, ended: null },
  }
  await custody.keep('escort', escort, undefined, grant, note)
  const ask = await askAs(custodian, await enrolProxy(custodian, 'acme', ['photos']))
  const day = new Date(custody.now()).toISOString().slice(0, 10).replaceAll('-', '')
  const asks = [escort, escortId('another')].map(one => ({ escort: one, day, region: 'eu-central-1' }))
  expect(await ask('POST', '/v1/escorts/keys', { asks })).toMatchObject({
    answers: [{ signingKey: expect.any(String) }, { refused: 'Unknown' }],
  })

  const person = { name: 'dora', party: 'customer', ssh: dora, hpke: await generateHpkeKey() } as const
  const signed = (act: string) => new Officers(officers.port, custody.origin).signed(act, { escort }, person)
  const look = async (path: string, body: unknown, by?: string) => {
    const { status, json } = await call(officers.port, 'POST', `/v1/escorts/${escort}/${path}`, body, by)
    hold('POST', `/v1/escorts/${escort}/${path}`, status, json)
    return json
  }
  const { screen } = await look('watch', signed('watch-escort'))
  const asked = { escort, operation: 'GetObject', action: 'read', bucket: 'photos', address: '127.0.0.1' }
  const served = ask('POST', '/v1/escorts/requests', { ...asked, key: 'MjAyNi9h' })
  const refused = await ask('POST', '/v1/escorts/requests', { ...asked, key: 'YQ' })
  expect(refused).toMatchObject({ code: 'Refused' })
  const lines = async (after: number, shown: readonly string[]) =>
    (await look('screen', { after, shown }, String(screen)))['lines'] as {
      kind: string
      id: string
      number: number
    }[]
  const seen = await lines(0, [])
  const first = seen.find(({ kind }) => kind === 'request') ?? (await lines(seen.at(-1)!.number, []))[0]!
  await lines(99, [first.id]).catch(() => {})
  const { request: id } = await served
  expect(
    await ask('POST', '/v1/escorts/answers', { escort, request: id, status: 200, received: 0, sent: 7 }),
  ).toEqual({})
  await look('end', {}, String(screen))
  const kinds = (await lines(0, [])).map(({ kind }) => kind)
  expect(new Set(kinds)).toEqual(new Set(['request', 'refused', 'answered', 'ended']))
})
