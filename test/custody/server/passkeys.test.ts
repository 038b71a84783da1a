import { expect, test } from 'vitest'
import { readApprover } from '../../../src/custody/approvals/approver.ts'
import type { OfficerRecord } from '../../../src/custody/people.ts'
import { Authenticator } from '../approvals/authenticator.ts'
import { startCustodian, type TestCustodian } from './custodian.ts'
import { call } from './officers-client.ts'

const CONSOLE = { id: 'console.test', origin: 'https://console.test' }

async function begin(custodian: TestCustodian): Promise<string> {
  const { json } = await call(custodian.officers.port, 'POST', '/v1/passkeys/options', { name: 'anna' })
  return String(json['challenge'])
}

test('a new passkey is looked at, and listed once it was admitted', async () => {
  const custodian = await startCustodian({ console: CONSOLE })
  const { port } = custodian.officers
  const response = new Authenticator().register(await begin(custodian), CONSOLE.origin, CONSOLE.id)
  const { json } = await call(port, 'POST', '/v1/passkeys', { response })
  expect((await call(port, 'GET', '/v1/passkeys')).json['signers']).toEqual([])

  const approver = readApprover({
    role: 'officer',
    party: 'trustee',
    person: 'anna',
    key: json['key'] as never,
  })
  const body: OfficerRecord = { ...approver, state: 'active' }
  const entry = { type: 'policy', at: custodian.custody.now(), body: {} } as const
  await custodian.custody.keep('officer', String(json['fingerprint']), undefined, body, entry)
  const listed = {
    fingerprint: json['fingerprint'],
    credential: response.id,
    role: 'officer',
    party: 'trustee',
  }
  expect((await call(port, 'GET', '/v1/passkeys')).json['signers']).toEqual([listed])
})

test('a passkey is made within five minutes, once, and for a challenge that was given out', async () => {
  const custodian = await startCustodian({ console: CONSOLE })
  const { port } = custodian.officers
  const device = new Authenticator()
  const response = device.register(await begin(custodian), CONSOLE.origin, CONSOLE.id)
  expect((await call(port, 'POST', '/v1/passkeys', { response })).status).toBe(200)
  expect((await call(port, 'POST', '/v1/passkeys', { response })).json['code']).toBe('Expired')

  const foreign = device.register('A'.repeat(43), CONSOLE.origin, CONSOLE.id)
  expect((await call(port, 'POST', '/v1/passkeys', { response: foreign })).json['code']).toBe('Expired')

  const late = device.register(await begin(custodian), CONSOLE.origin, CONSOLE.id)
  custodian.setClock(Date.now() + 301_000)
  expect((await call(port, 'POST', '/v1/passkeys', { response: late })).json['code']).toBe('Expired')
})

test('a custodian without a console has no page and takes no passkey', async () => {
  const { officers } = await startCustodian()
  expect((await call(officers.port, 'GET', '/console/')).status).toBe(404)
  expect((await call(officers.port, 'POST', '/v1/passkeys/options', { name: 'anna' })).status).toBe(404)
})
