import { beforeEach, expect, test } from 'vitest'
import { makeToken } from '../../../src/custody/tokens.ts'
import { addTenant, enrolProxy, startCustodian, type TestCustodian } from './custodian.ts'
import { call } from './officers-client.ts'

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

test('a token of scope rotate is refused by every call that takes a token, but for rotations and their listing', async () => {
  const { paths } = (await call(port, 'GET', '/v1/openapi.json')).json as {
    paths: Record<string, Record<string, object>>
  }
  const open: string[] = []
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods)) {
      const way = path.replace('{tenant}', 'acme').replaceAll(/\{[^}]+\}/g, 'a'.repeat(64))
      const body = method === 'post' ? { tenant: 'acme' } : undefined
      const verb = method.toUpperCase() as 'GET' | 'POST'
      const bare = await call(port, verb, way, body)
      const shown = await call(port, verb, way, body, rotate)
      if (shown.status !== bare.status) open.push(`${verb} ${path}`)
    }
  expect(open).toEqual(['POST /v1/rotations/kek', 'GET /v1/epochs/{tenant}'])
})
