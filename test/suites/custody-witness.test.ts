import { cpSync, renameSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RemoteCustodian } from '../../src/keys/remote/remote-custodian.ts'
import { freePort } from '../../tools/server.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { custodianAtWork } from './custodian-at-work.ts'

/**
 * A custodian, its customer's witness and a proxy's leases, the first two in processes of their own: the witness dies,
 * hangs and loses its memory, and the custodian is started over an older copy of its registry. The tests follow one another.
 */
let custodian: Awaited<ReturnType<typeof custodianAtWork>>
let port: number
let witness: Program
let proxy: RemoteCustodian

beforeAll(async () => {
  custodian = await custodianAtWork()
  port = await freePort()
  const [key] = await startWitness()
  custodian.witnessedBy({ url: `http://127.0.0.1:${port}`, key: key! })
  await custodian.running().kill('SIGTERM')
  await custodian.startUnsealed()
  await custodian.admit(custodian.at('proxy'))
  proxy = await RemoteCustodian.open([custodian.url], custodian.at('proxy'))
})

afterAll(async () => {
  await proxy?.close()
  await witness?.kill()
  await custodian?.end()
})

test('away: leases go on, nothing is carried out, and officers read what to do; back, what was approved is', async () => {
  const proposal = await custodian.propose()
  await custodian.approve(proposal)
  await witness.kill()
  await lease()
  const refused = await custodian.execute(proposal)
  expect(refused).toMatchObject({ json: { code: 'Unreachable' } })
  expect(refused.json['message']).toMatch(/witness customer.example\/witness does not answer. Start it/)
  await startWitness()
  expect(await custodian.execute(proposal)).toMatchObject({ json: { body: { state: 'done' } } })
})

test('away at a start: shares do not unseal until it is back', async () => {
  await custodian.running().kill()
  await witness.kill()
  await custodian.start()
  expect(await custodian.unseal()).toMatchObject({ json: { code: 'Unreachable' } })
  expect(await custodian.status()).toMatchObject({ state: 'sealed' })
  await startWitness()
  expect(await custodian.unseal()).toMatchObject({ json: { unsealed: true } })
  await lease()
})

test('hanging: it is given ten seconds, leases do not wait for it, and when it wakes all goes on', async () => {
  const proposal = await custodian.propose()
  await custodian.approve(proposal)
  process.kill(witness.pid, 'SIGSTOP')
  const executed = custodian.execute(proposal)
  await lease()
  expect(await executed).toMatchObject({ json: { code: 'Unreachable' } })
  process.kill(witness.pid, 'SIGCONT')
  expect(await custodian.execute(proposal)).toMatchObject({ json: { body: { state: 'done' } } })
})

test('behind: restored from an older copy of its folder, or with an empty one, it is brought up, and an alarm says so', async () => {
  const older = custodian.at('witness-older')
  cpSync(custodian.at('witness'), older, { recursive: true })
  const proposals = [await custodian.propose(), await custodian.propose(), await custodian.propose()]
  for (const one of proposals) await custodian.approve(one)
  expect(await custodian.execute(proposals[0]!)).toMatchObject({ json: { body: { state: 'done' } } })
  await witness.kill()
  rmSync(custodian.at('witness'), { recursive: true })
  renameSync(older, custodian.at('witness'))
  await startWitness()
  expect(await custodian.execute(proposals[1]!)).toMatchObject({ json: { body: { state: 'done' } } })
  await custodian.running().said(/witness-rolled-back/)
  await witness.kill()
  rmSync(custodian.at('witness', 'heads'), { recursive: true })
  await startWitness()
  expect(await custodian.execute(proposals[2]!)).toMatchObject({ json: { body: { state: 'done' } } })
})

test('forked: an older copy of the registry is not unsealed, says so over restarts, and the newer one goes on', async () => {
  const [data, older, newer] = ['data', 'older', 'newer'].map(name => custodian.at(name)) as [
    string,
    string,
    string,
  ]
  await custodian.running().kill('SIGTERM')
  cpSync(data, older, { recursive: true })
  await custodian.startUnsealed()
  const proposal = await custodian.propose()
  await custodian.approve(proposal)
  await lease()
  await custodian.running().kill()
  renameSync(data, newer)
  renameSync(older, data)

  await custodian.start()
  const refused = await custodian.unseal()
  expect(refused).toMatchObject({ json: { code: 'Forked' } })
  expect(refused.json['message']).toMatch(/start the newer registry, or propose to accept the loss/)
  expect(await custodian.status()).toMatchObject({ state: 'forked' })
  await expect(lease()).rejects.toMatchObject({ reason: 'killed' })
  await custodian.running().kill()
  await custodian.start()
  expect(await custodian.unseal()).toMatchObject({ json: { code: 'Forked' } })
  expect(await custodian.status()).toMatchObject({ state: 'forked' })
  await custodian.running().kill()

  rmSync(data, { recursive: true })
  renameSync(newer, data)
  await custodian.startUnsealed()
  await lease()
  expect(await custodian.execute(proposal)).toMatchObject({ json: { body: { state: 'done' } } })
})

/** @returns its verifier key */
async function startWitness(): Promise<string[]> {
  witness = startProgram([
    'witness',
    ...['--name', 'customer.example/witness', '--data', custodian.at('witness')],
    ...['--logs', custodian.logKey(), '--port', String(port)],
  ])
  const [said] = await witness.said(/^.*\nlistening/m)
  return said.split('\n')
}

async function lease(): Promise<void> {
  const { keys } = await proxy.lease({ tenant: 'default', bucket: 'photos', key: 'current' })
  for (const { key } of keys) key?.fill(0)
}
