import { expect, onTestFinished } from 'vitest'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { Officers, type Person } from '../../../tools/demo/people.ts'
import { temporaryFolder } from '../folder.ts'
import { type Cast, cast, ORIGIN, unsealBy } from './attended.ts'
import { type CustodianProcess, startProcess } from './custodian-process.ts'
import { call } from './officers-client.ts'

const PHOTOS = { tenant: 'acme', bucket: 'photos', key: 'current' } as const

/**
 * An active custodian with a tenant and a proxy, and beside it a standby whose holders have unsealed it: real
 * processes over one registry.
 *
 * @param data folder of the active one, and of the standby
 */
export async function activeAndStandby(registry: object, data: readonly [string, string]) {
  const active = await startProcess(registry, data[0])
  await active.said('custodian.serves')
  const people: Cast = await cast()
  const { anna, ben, cem, dora, emil } = people
  const officers = new Officers(active.officers, ORIGIN)
  const all: Person[] = Object.values(people)
  await officers.ceremony(all, { trustee: 2, customer: 1 })
  for (const one of all) await officers.share('prove', one)
  await unsealBy(officers, anna, ben, dora)
  const pass = async (act: string, params: object) =>
    await officers.pass(act, 'acme', params, anna, [ben, cem, dora])
  await pass('loosen', { split: false, ttl: 60_000, perUse: [], fence: null })

  const standby = await startProcess(registry, data[1])
  await standby.said('custodian.waits-to-be-active')
  expect((await call(standby.officers, 'GET', '/v1/status')).json).toMatchObject({
    state: 'standby',
    unsealed: false,
  })
  expect((await call(standby.officers, 'POST', '/v1/proposals', {})).json).toMatchObject({ code: 'Standby' })
  officers.port = standby.officers
  expect((await unsealBy(officers, ben, cem, emil)).json).toMatchObject({ unsealed: true })
  officers.port = active.officers

  const urls = [active, standby].map(({ proxies }) => `https://localhost:${proxies}`)
  const { secret, authority } = await officers.ask(
    'enrolment-ticket',
    { tenant: 'acme', buckets: ['*'] },
    ben,
  )
  const pending = await enrol(urls[0]!, { secret: secret!, authority: authority! })
  onTestFinished(() => pending.close())
  const { fingerprint, key, buckets } = pending.request
  await pass('enrol-proxy', { proxy: fingerprint, key, buckets: [...buckets] })
  const credentials = temporaryFolder()
  await pending.finish(credentials)
  const connect = async (to: readonly string[]) => {
    const proxy = await RemoteCustodian.open([...to], credentials)
    onTestFinished(() => proxy.close())
    return async () => (await proxy.lease(PHOTOS)).keys[0]!
  }
  return { active, standby, urls, connect, officers }
}

/** What the standby's own status says once it took over. */
export async function hasTakenOver({ officers, said }: CustodianProcess): Promise<void> {
  expect(await said('custodian.serves')).toMatchObject({ state: 'unsealed' })
  expect((await call(officers, 'GET', '/v1/status')).json).toMatchObject({ state: 'unsealed' })
}
