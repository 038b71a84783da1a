import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { spellings } from '../../harness/memory.ts'
import { temporaryFolder } from '../folder.ts'
import { cast, ceremony, startAttended, unsealBy } from './attended.ts'

test('the disk of a sealed custodian holds no key, and gives none to fewer holders than it takes', {
  timeout: 180_000,
}, async () => {
  const people = await cast()
  const { anna, ben, cem, dora, emil } = people
  const [folder, credentials] = [temporaryFolder(), temporaryFolder()]
  const custodian = await startAttended({ folder })
  const officers = await ceremony(custodian, people)

  const url = `https://localhost:${custodian.proxies.port}`
  const pass = (act: string, params: object) => officers.pass(act, 'acme', params, anna, [ben, cem, dora])
  await pass('loosen', { split: false, ttl: 60_000, perUse: [], fence: null })
  const { secret, authority } = await officers.ask(
    'enrolment-ticket',
    { tenant: 'acme', buckets: ['*'] },
    ben,
  )
  const pending = await enrol(url, { secret: secret!, authority: authority! })
  onTestFinished(() => pending.close())
  const { fingerprint, key, buckets } = pending.request
  await pass('enrol-proxy', { proxy: fingerprint, key, buckets: [...buckets] })
  await pending.finish(credentials)
  const proxy = await RemoteCustodian.open([url], credentials)
  onTestFinished(() => proxy.close())
  const ask = { tenant: 'acme', bucket: 'photos', key: 'current' } as const
  const leased = Buffer.from((await proxy.lease(ask)).keys[0]!.key!)
  await officers.close('seal', dora)

  // The thief takes what lies there while it runs, and everything once it has ended.
  const disk = temporaryFolder()
  cpSync(folder, disk, { recursive: true })
  await custodian.close()
  for (const at of [folder, disk]) {
    const files = readdirSync(at).map(name => readFileSync(join(at, name)))
    expect(Math.max(...files.map(file => file.length))).toBeGreaterThan(10_000)
    for (const spelling of spellings(leased))
      for (const file of files) expect(file.includes(spelling)).toBe(false)
  }

  const stolen = await startAttended({ folder: disk })
  officers.port = stolen.officers.port
  const thief = await RemoteCustodian.open([`https://localhost:${stolen.proxies.port}`], credentials)
  onTestFinished(() => thief.close())
  expect(await officers.status()).toBe('sealed')
  // All of the trustee without the customer; one of the trustee with all of the customer.
  for (const few of [
    [anna, ben, cem],
    [dora, emil],
  ]) {
    await unsealBy(officers, ...few)
    await expect(thief.lease(ask)).rejects.toMatchObject({ reason: 'sealed' })
    await officers.share('reset', few[0]!)
  }
  expect(await officers.status()).toBe('sealed')
})
