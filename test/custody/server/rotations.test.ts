import { beforeEach, expect, test } from 'vitest'
import { makeToken } from '../../../src/custody/tokens.ts'
import { addTenant, enrolProxy, startCustodian, type TestCustodian } from './custodian.ts'
import { call } from './officers-client.ts'
import { officersRoutes } from './routes.ts'

const HOUR = 3_600_000
const PHOTOS = { tenant: 'acme', bucket: 'photos', key: 'current' } as const

let custodian: TestCustodian
let port: number
let rotate: string

beforeEach(async () => {
  custodian = await startCustodian()
  port = custodian.officers.port
  await addTenant(custodian, 'acme')
  rotate = (await makeToken(custodian.custody, 'rotate', HOUR, [], 'an officer')).secret
})

test('a bucket gets a new group key within the month; what the old one sealed still opens', async () => {
  const proxy = await enrolProxy(custodian, 'acme', ['photos'])
  const [old] = (await proxy.lease(PHOTOS)).keys
  const ask = { tenant: 'acme', bucket: 'photos' }
  const { json } = await call(port, 'POST', '/v1/rotations/epoch', ask, rotate)
  expect(json).toEqual({ epoch: `${old!.epoch}.2` })
  const [next] = (await proxy.lease(PHOTOS)).keys
  expect(next).toMatchObject({ epoch: `${old!.epoch}.2`, state: 'active' })
  const { keys } = await proxy.lease({ ...PHOTOS, key: { id: old!.id } })
  expect(keys).toEqual([{ ...old, state: 'decrypt-only' }])

  expect((await call(port, 'POST', '/v1/rotations/epoch', ask, rotate)).status).toBe(429)
  const unknown = await call(port, 'POST', '/v1/rotations/epoch', { ...ask, bucket: 'none' }, rotate)
  expect(unknown.json).toMatchObject({ code: 'Unknown' })
})

test('a rotate token trying to read: it is refused by every call that takes a token, but for rotations and their listing', async () => {
  const open: string[] = []
  for (const { method, path, url, body } of await officersRoutes()) {
    const bare = await call(port, method, url, body)
    const shown = await call(port, method, url, body, rotate)
    // Where the body were refused before the token was looked at, this would prove nothing.
    if (bare.json['code'] === 'Malformed') expect(String(bare.json['message'])).not.toMatch(/is malformed/)
    if (shown.status !== bare.status && shown.json['code'] !== 'Refused') open.push(`${method} ${path}`)
  }
  expect(open).toEqual(['POST /v1/rotations/kek', 'POST /v1/rotations/epoch', 'GET /v1/epochs/{tenant}'])
  expect(await custodian.custody.opened().records.all('proposal')).toEqual([])
})

test('only the scopes that a call names open it', async () => {
  const scopes = ['operator', 'rotate', 'auditor'] as const
  const secrets = new Map<string, string>()
  for (const scope of scopes)
    secrets.set(scope, (await makeToken(custodian.custody, scope, HOUR, [], 'an officer')).secret)
  const opened: Record<string, readonly string[]> = {}
  for (const { method, path, url, body } of await officersRoutes()) {
    const bare = await call(port, method, url, body)
    if (!/token/.test(String(bare.json['message']))) continue
    const good: string[] = []
    for (const scope of scopes) {
      const { json } = await call(port, method, url, body, secrets.get(scope))
      // This custodian has no place for backups, which it says to those alone who may have one made.
      if (json['code'] !== 'Refused' || /backup target/.test(String(json['message']))) good.push(scope)
    }
    if (good.length > 0) opened[`${method} ${path}`] = good
  }
  expect(opened).toEqual({
    'GET /v1/proposals': ['operator', 'auditor'],
    'GET /v1/proposals/{id}': ['operator', 'auditor'],
    'GET /v1/enrolments/{id}': ['operator', 'auditor'],
    'POST /v1/proposals/{id}/execute': ['operator'],
    'POST /v1/proposals': ['operator'],
    'POST /v1/rotations/kek': ['operator', 'rotate'],
    'POST /v1/rotations/epoch': ['operator', 'rotate'],
    'GET /v1/epochs/{tenant}': ['operator', 'rotate', 'auditor'],
    'GET /v1/escorts': ['operator', 'auditor'],
    'GET /v1/log/{*}': ['auditor'],
    'POST /v1/backups': ['operator'],
  })
})

test('a rotation that is asked for again under one idempotency key is answered as before, and made once', async () => {
  await enrolProxy(custodian, 'acme', ['photos']).then(async proxy => await proxy.lease(PHOTOS))
  const key = 'a-nightly-script-2026-11-24'
  const ask = async (tenant: string, idempotencyKey?: string) =>
    await call(port, 'POST', '/v1/rotations/kek', { tenant }, rotate, idempotencyKey)
  const first = await ask('acme', key)
  expect(first).toMatchObject({ status: 200, json: { version: 2 } })
  expect(await ask('acme', key)).toEqual(first)
  expect((await ask('acme')).status).toBe(429)
  expect((await ask('other', key)).json).toMatchObject({ code: 'Conflict' })
  expect((await ask('acme', 'short')).json).toMatchObject({ code: 'Malformed' })
  // Another token's caller has keys of its own.
  const other = (await makeToken(custodian.custody, 'rotate', HOUR, [], 'an officer')).secret
  const theirs = await call(port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, other, key)
  expect(theirs.status).toBe(429)
  const signed = { document: 'x', signature: 'y' }
  const once = await call(port, 'POST', '/v1/requests', signed, undefined, key)
  expect(once.json).toMatchObject({ code: 'Malformed' })
})

test('a tenant rotates its KEK once an hour, also where the custodian started anew between', async () => {
  await enrolProxy(custodian, 'acme', ['photos']).then(async proxy => await proxy.lease(PHOTOS))
  expect((await call(port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, rotate)).status).toBe(200)
  await custodian.close()
  const again = await startCustodian({ folder: custodian.folder })
  const ask = async () =>
    await call(again.officers.port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, rotate)
  expect((await ask()).status).toBe(429)
  const token = await makeToken(again.custody, 'rotate', 2 * HOUR, [], 'an officer')
  again.setClock(Date.now() + HOUR + 1000)
  const later = await call(again.officers.port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, token.secret)
  expect(later.status).toBe(200)
})

test('a bucket gets a new group key once an hour, also where the custodian started anew between', async () => {
  await enrolProxy(custodian, 'acme', ['photos']).then(async proxy => await proxy.lease(PHOTOS))
  const ask = { tenant: 'acme', bucket: 'photos' }
  expect((await call(port, 'POST', '/v1/rotations/epoch', ask, rotate)).status).toBe(200)
  await custodian.close()
  const again = await startCustodian({ folder: custodian.folder })
  const refused = await call(again.officers.port, 'POST', '/v1/rotations/epoch', ask, rotate)
  expect(refused).toMatchObject({ status: 429, json: { code: 'TooMany' } })
})

test('a call asked for again under its idempotency key after a restart is answered as before the restart', async () => {
  await enrolProxy(custodian, 'acme', ['photos']).then(async proxy => await proxy.lease(PHOTOS))
  const ask = async (at: number) =>
    await call(at, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, rotate, 'a-nightly-script-2026-11-25')
  const first = await ask(port)
  expect(first).toMatchObject({ status: 200, json: { version: 2 } })
  await custodian.close()
  const again = await startCustodian({ folder: custodian.folder })
  expect(await ask(again.officers.port)).toEqual(first)
  // A day later the key counts for nothing, as the limit does.
  const token = await makeToken(again.custody, 'rotate', 48 * HOUR, [], 'an officer')
  const late = async () =>
    await call(
      again.officers.port,
      'POST',
      '/v1/rotations/kek',
      { tenant: 'acme' },
      token.secret,
      'a-nightly-script-2026-11-25',
    )
  again.setClock(Date.now() + 2 * HOUR)
  expect(await late()).toMatchObject({ json: { version: 3 } })
  again.setClock(Date.now() + 27 * HOUR)
  expect(await late()).toMatchObject({ json: { version: 4 } })
})
