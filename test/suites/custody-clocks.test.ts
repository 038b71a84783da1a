import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from 'node:tls'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readCredential } from '../../src/cli/credentials.ts'
import { type Clock, settableClock } from '../../tools/clock.ts'
import { freePort } from '../../tools/server.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { sdkFor } from '../harness/s3-client.ts'
import { custodianAtWork } from './custodian-at-work.ts'

/**
 * A custodian, its witness and a proxy in processes of their own, whose clocks are set: back, and on to where
 * certificates end. The tests follow one another.
 */
const Bucket = 'photos'
const MINUTE = 60
const DAY = 24 * 60 * MINUTE
/** Both sides look at their certificates once a minute. */
const SOON = { timeout: 150_000, interval: 500 }

const folder = mkdtempSync(join(tmpdir(), 'treuhand-clocks-'))
const clocks = {} as Record<'custodian' | 'proxy' | 'witness', Clock>
let custodian: Awaited<ReturnType<typeof custodianAtWork>>
let witness: Program
let proxy: Program
/** URL of an object. */
let object: string

beforeAll(async () => {
  for (const whose of ['custodian', 'proxy', 'witness'] as const) clocks[whose] = await settableClock(folder)
  custodian = await custodianAtWork({ env: clocks.custodian.env })
  const port = await freePort()
  const of = ['--name', 'customer.example/witness', '--data', custodian.at('witness')]
  const flags = [...of, '--logs', custodian.logKey(), '--port', String(port)]
  witness = startProgram(['witness', ...flags], [], '', clocks.witness.env)
  const [said] = await witness.said(/^.*\nlistening/m)
  custodian.witnessedBy({ url: `http://127.0.0.1:${port}`, key: said.split('\n')[0]! })
  await custodian.running().kill('SIGTERM')
  await custodian.startUnsealed()
  await custodian.admit(custodian.at('proxy'))
  await startProxy()
})

afterAll(async () => {
  await proxy?.kill()
  await witness?.kill()
  await custodian?.end()
  rmSync(folder, { recursive: true, force: true })
})

test("the custodian's clock set back: an alarm, and nothing is carried out until it is set right; no approval is lost", async () => {
  const proposal = await custodian.propose()
  await custodian.approve(proposal)
  clocks.custodian.set(-10 * MINUTE)
  const refused = await custodian.execute(proposal)
  expect(refused).toMatchObject({ status: 403, json: { code: 'Refused' } })
  expect(refused.json['message']).toMatch(/Set the clock/)
  await custodian.running().said(/clocks-apart/)
  expect(await answer()).toBe(200)
  clocks.custodian.set(0)
  // The waiting time ends by the witness's clock, which counts whole seconds.
  await vi.waitFor(
    async () =>
      expect(await custodian.execute(proposal)).toMatchObject({ json: { body: { state: 'done' } } }),
    SOON,
  )
})

test("a proxy's clock set back: what it was leased ends, and it asks anew by itself", async () => {
  const before = leasesLogged()
  clocks.proxy.set(-5 * MINUTE)
  await vi.waitFor(async () => {
    expect(await answer()).toBe(200)
    expect(leasesLogged()).toBeGreaterThan(before)
  }, SOON)
  clocks.proxy.set(0)
  expect(await answer()).toBe(200)
})

test('half of the seven days over: a proxy gets its next certificate by itself, and never stops serving', async () => {
  const first = certificate()
  setAll(4 * DAY)
  const answers = new Set<number>()
  await vi.waitFor(async () => {
    answers.add(await answer())
    expect(certificate().serialNumber).not.toBe(first.serialNumber)
  }, SOON)
  // Where the first one has ended.
  setAll(8 * DAY)
  answers.add(await answer())
  expect(answers).toEqual(new Set([200]))
  expect(Date.parse(first.validTo)).toBeLessThan(Date.now() + 8 * DAY * 1_000)
})

test('a certificate that has ended: the operator reads how to enrol again, and the proxy goes on by what that brought', async () => {
  setAll(30 * DAY)
  await vi.waitFor(async () => expect(await answer()).toBe(503), SOON)
  await proxy.said(
    /The proxy's certificate has ended. Get a new ticket from an officer, and run treuhand enrol again/,
  )
  vi.setSystemTime(Date.now() + 30 * DAY * 1_000)
  await custodian.admit(custodian.at('proxy'))
  vi.useRealTimers()
  await vi.waitFor(async () => expect(await answer()).toBe(200), SOON)
})

test("the custodian's own certificate is renewed while it runs", async () => {
  const first = await shown()
  clocks.custodian.set(350 * DAY)
  await vi.waitFor(async () => expect((await shown()).serialNumber).not.toBe(first.serialNumber), SOON)
  expect(Date.parse((await shown()).validTo)).toBeGreaterThan(Date.parse(first.validTo))
})

function setAll(seconds: number): void {
  for (const clock of Object.values(clocks)) clock.set(seconds)
}

async function startProxy(): Promise<void> {
  const config = {
    listen: { port: 0 },
    data: join(folder, 'data'),
    store: { kind: 'directory', path: join(folder, 'store') },
    keys: { kind: 'custodian', urls: [custodian.url], credentials: custodian.at('proxy') },
    anonymous: [{ buckets: [Bucket], prefixes: [''], actions: ['read'] }],
  }
  writeFileSync(join(folder, 'proxy.json'), JSON.stringify(config))
  proxy = startProgram(['proxy', '--config', join(folder, 'proxy.json')], [], '', clocks.proxy.env)
  const [, endpoint] = await proxy.said(/"endpoint":"(http[^"]+)"/)
  const s3 = sdkFor({
    endpoint: endpoint!,
    credential: readCredential(join(folder, 'data', 'credentials'), 'default'),
  })
  await s3.send(new CreateBucketCommand({ Bucket }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'what was written' }))
  s3.destroy()
  object = `${endpoint}/${Bucket}/k`
}

/** The status with which the proxy answers a read of the object, unsigned as signatures are held against the clock. */
async function answer(): Promise<number> {
  const response = await fetch(object)
  const text = await response.text()
  if (response.ok) expect(text).toBe('what was written')
  return response.status
}

/** The certificate that the custodian shows. */
async function shown(): Promise<X509Certificate> {
  const { hostname: host, port } = new URL(custodian.url)
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()!
  socket.destroy()
  return certificate
}

function leasesLogged(): number {
  const database = new DatabaseSync(custodian.at('data', 'custody.db'), { readOnly: true })
  const row = database
    .prepare(`select count(*) as n from log_leaves where cast(leaf as text) like '%"type":"lease"%'`)
    .get()
  database.close()
  return (row as { n: number }).n
}

const certificate = () => new X509Certificate(readFileSync(custodian.at('proxy', 'proxy.crt')))
