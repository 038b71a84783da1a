import { expect, test } from 'vitest'
import { proposalId } from '../../../src/custody/approvals/document.ts'
import type { Officers } from '../../../tools/demo/people.ts'
import { type Cast, cast, ceremony, startAttended } from './attended.ts'
import { call } from './officers-client.ts'
import { officersRoutes } from './routes.ts'

const SETTINGS = { split: false, ttl: 900_000, perUse: [], fence: null }
/** Words and names that people gave to it. */
const SECRET = /anna|ben|cem|dora|emil|acme|the demonstration/

/** What they truly need who unseal it or ask to be let in; docs/threat-model.md says why. */
const OPEN = [
  '/v1/status',
  '/v1/desk',
  '/v1/agreement',
  '/v1/passkeys',
  '/v1/escorts/{id}/key',
  '/v1/openapi.json',
]

async function begin() {
  const people = await cast()
  const custodian = await startAttended()
  const officers = await ceremony(custodian, people)
  const { anna, ben, cem, dora } = people
  const port = custodian.officers.port
  await officers.pass('loosen', 'acme', SETTINGS, anna, [ben, cem, dora])
  const id = proposalId(await officers.propose('loosen', 'acme', { ...SETTINGS, ttl: 1_800_000 }, anna))
  return { custodian, officers, people, port, id }
}

test('a stranger reads no name, no reason and no time: not of what is proposed, nor of the state', async () => {
  const { port, id } = await begin()
  for (const { method, path, url } of await officersRoutes()) {
    if (method !== 'GET') continue
    const { status, json } = await call(port, 'GET', url.replace(/\/[0-9a-f]{64}/, `/${id}`))
    if (!OPEN.includes(path)) expect([path, status, json['code']]).toEqual([path, 403, 'Refused'])
    expect(JSON.stringify(json), path).not.toMatch(SECRET)
  }
  const carried = await call(port, 'POST', `/v1/proposals/${id}/execute`, {})
  expect([carried.status, carried.json['code']]).toEqual([403, 'Refused'])
})

test('why it was killed, and for which tenant, is told to those alone who have a part in it', async () => {
  const { port, officers, people, custodian } = await begin()
  const { ben, anna } = people
  const status = async (by?: Parameters<typeof call>[4]) =>
    (await call(port, 'GET', '/v1/status', undefined, by)).json
  await custodian.custody.kill('acme', ben.ssh.fingerprint, 'the demonstration of a tenant')
  expect(await status()).toMatchObject({ state: 'unsealed', stops: [] })
  expect(await status(officers.signed('look', {}, anna))).toMatchObject({
    stops: [{ scope: 'acme', reason: 'the demonstration of a tenant', since: expect.any(Number) }],
    backup: 'none',
  })
  await officers.close('kill', ben)
  for (const by of [undefined, officers.signed('look', {}, anna)])
    expect(await status(by)).toMatchObject({ state: 'killed', stops: [{ kind: 'killed', scope: '*' }] })
  expect(JSON.stringify(await status())).not.toMatch(SECRET)
})

test('a signed look counts as often as it is shown, and for nothing but looking', async () => {
  const { port, officers, people, id } = await begin()
  const { anna, ben } = people
  const look = officers.signed('look', {}, ben)
  for (let n = 0; n < 2; n++)
    expect(await call(port, 'GET', `/v1/proposals/${id}`, undefined, look)).toMatchObject({
      status: 200,
      json: { body: { state: 'open' } },
    })
  const execute = (by: Parameters<typeof call>[4]) =>
    call(port, 'POST', `/v1/proposals/${id}/execute`, {}, by)
  expect((await execute(look)).json).toMatchObject({ code: 'Malformed' })
  expect((await execute(officers.signed('execute', { proposal: 'f'.repeat(64) }, ben))).json).toMatchObject({
    code: 'Malformed',
  })
  expect((await execute(await auditor(officers, people))).json).toMatchObject({ code: 'Refused' })
  const once = officers.signed('execute', { proposal: id }, anna)
  expect((await execute(once)).json).toMatchObject({ code: 'AwaitsApproval' })
  expect((await execute(once)).json).toMatchObject({ code: 'Conflict' })
  const foreign = officers.signed('look', {}, { ...anna, ssh: (await cast()).anna.ssh })
  expect((await call(port, 'GET', '/v1/status', undefined, foreign)).json).toMatchObject({ code: 'Refused' })
})

async function auditor(officers: Officers, { ben }: Cast): Promise<string> {
  return (await officers.ask('token', { scope: 'auditor', lifetime: 60_000, networks: [] }, ben))['secret']!
}
