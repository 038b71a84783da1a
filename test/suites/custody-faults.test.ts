import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readCredential } from '../../src/cli/credentials.ts'
import { proposalId } from '../../src/custody/approvals/document.ts'
import { readGenesis } from '../../src/custody/approvals/genesis.ts'
import { readEntry } from '../../src/custody/log/entry.ts'
import { storedFiles } from '../../src/custody/log/files.ts'
import { readVerifierKey } from '../../src/custody/log/note.ts'
import { verifyLog } from '../../src/custody/log/verify.ts'
import { enrol } from '../../src/keys/remote/enrol.ts'
import { RemoteCustodian } from '../../src/keys/remote/remote-custodian.ts'
import { logRows } from '../../src/registry/custody/log-rows.ts'
import { openPostgresRegistry } from '../../src/registry/custody/postgres.ts'
import { Officers, person } from '../../tools/demo/people.ts'
import { type Postgres, startPostgres } from '../../tools/postgres.ts'
import { freePort } from '../../tools/server.ts'
import { memoryOf, spellings } from '../harness/memory.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { sdkFor } from '../harness/s3-client.ts'

/**
 * A custodian and its standby over PostgreSQL, a proxy that leases from them, and an observer that does too and keeps
 * what it was given; each a process of its own, killed and started as a host would. The tests follow one another.
 */
const ORIGIN = 'trustee.example/faults'
const MINUTE = 60_000
/** The shortest lease there is. */
const TTL = MINUTE
/** The keys of `kept` never leave the custodian. */
const SETTINGS = { split: false, ttl: TTL, perUse: ['kept'], fence: null }

const folder = mkdtempSync(join(tmpdir(), 'treuhand-faults-'))
const at = (...path: string[]) => join(folder, ...path)
const HOSTS = ['one', 'two'] as const
type Host = (typeof HOSTS)[number]

let postgres: Postgres
let databaseUrl: string
const ports = {} as Record<Host, { proxies: number; officers: number }>
const running = {} as Record<Host, Program>
const [anna, ben, cem] = [
  await person('anna', 'trustee'),
  await person('ben', 'trustee'),
  await person('cem', 'trustee'),
]
const dora = await person('dora', 'customer')
const everybody = [anna, ben, cem, dora]
let officers: Officers
let observer: RemoteCustodian
let proxy: Program
let s3: S3Client
/** What the observer was leased: the lease's id, the key's bytes. */
const leased: { lease: string; key: Buffer }[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  databaseUrl = await postgres.database('faults')
  writeFileSync(at('url'), databaseUrl, { mode: 0o600 })
  for (const host of HOSTS) {
    ports[host] = { proxies: await freePort(), officers: await freePort() }
    writeFileSync(
      at(`${host}.json`),
      JSON.stringify({
        origin: ORIGIN,
        data: at(host),
        names: ['localhost'],
        proxies: { host: '127.0.0.1', port: ports[host].proxies },
        officers: { host: '127.0.0.1', port: ports[host].officers },
        registry: { kind: 'postgres', urlFile: at('url') },
        seal: { kind: 'quorum' },
      }),
    )
  }
  start('one')
  await running.one.said(/custodian\.serves/)
  officers = new Officers(ports.one.officers, ORIGIN)
  await officers.ceremony(everybody, { trustee: 2, customer: 1 })
  for (const one of everybody) await officers.share('prove', one)
  await unseal()
  await pass('loosen', SETTINGS)
  await admit(at('observer'))
  observer = await RemoteCustodian.open(urls(), at('observer'))
  await admit(at('proxy'))
  await startProxy()
  for (const Bucket of ['photos', 'kept']) {
    await s3.send(new CreateBucketCommand({ Bucket }))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'what was written' }))
  }
})

afterAll(async () => {
  s3?.destroy()
  await observer?.close()
  for (const program of [proxy, ...HOSTS.map(host => running[host])]) await program?.kill()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('the active custodian killed beside its standby: no approval is lost, no key used that the log does not show', async () => {
  start('two')
  await running.two.said(/waits-to-be-active/)
  await lease('photos')
  const { proposal, id } = await proposed()
  expect((await officers.approve(proposal, ben)).status).toBe(200)

  const last = observer.lease(asked('last')).then(keep, () => {})
  await running.one.kill()
  await running.two.said(/custodian\.serves/)
  officers.port = ports.two.officers
  expect(await officers.status()).toBe('sealed')
  await expect(officers.approve(proposal, cem)).resolves.toMatchObject({ status: 503 })
  await unseal()
  // Leased before the kill, or after it, or not at all: what was leased is in the log.
  await last
  await lease('photos')
  await finish(proposal, id)
  await expectInLog()
})

test('PostgreSQL restarted under the active custodian: it ends, and started again it has lost nothing', async () => {
  const { proposal, id } = await proposed()
  expect((await officers.approve(proposal, ben)).status).toBe(200)
  const under = Promise.allSettled([lease('under-way'), officers.approve(proposal, cem)])
  await postgres.restart()
  await under
  expect(await running.two.ended).toBe(8)
  expect(await answer()).toBe(200)

  start('two')
  await running.two.said(/custodian\.serves/)
  await unseal()
  await lease('photos')
  await finish(proposal, id)
  await expectInLog()
})

test('a custodian that is down: proxies serve until their leases end, or no more where each use asks it, then answer 503, and recover by themselves', async () => {
  await lease('photos')
  for (const bucket of ['photos', 'kept']) expect(await answer(bucket)).toBe(200)
  const key = leased.at(-1)!.key
  await running.two.kill()
  const since = performance.now()
  expect(await answer('kept')).toBe(503)
  const answers: number[] = []
  do {
    answers.push(await answer())
    await new Promise(resolve => setTimeout(resolve, 250))
  } while (answers.at(-1) === 200 && performance.now() - since < 5 * TTL)
  expect(new Set(answers)).toEqual(new Set([200, 503]))
  expect(answers.indexOf(503)).toBe(answers.length - 1)
  // A lease is renewed from its third on, so that two thirds of it, but for the jitter, were still to come.
  expect(performance.now() - since).toBeLessThan(1.5 * TTL)
  await expectForgotten(key)

  start('two')
  await running.two.said(/custodian\.serves/)
  for (const bucket of ['photos', 'kept']) expect(await answer(bucket)).toBe(503)
  await unseal()
  for (const bucket of ['photos', 'kept'])
    await vi.waitFor(async () => expect(await answer(bucket)).toBe(200), { timeout: MINUTE, interval: 500 })
})

test('no key stands in what the processes say, in their arguments or in their environment', async () => {
  expect(leased.length).toBeGreaterThan(2)
  for (const { pid, output } of [proxy, ...HOSTS.map(host => running[host])]) {
    const said = [output()]
    // Who was killed has only its words.
    for (const file of ['cmdline', 'environ'])
      try {
        said.push(readFileSync(`/proc/${pid}/${file}`, 'latin1'))
      } catch {}
    for (const { key } of leased)
      for (const spelling of spellings(key))
        expect(said.join('\n').includes(spelling.toString('latin1'))).toBe(false)
  }
})

// ---- hosts

function start(host: Host): void {
  running[host] = startProgram(['custodian', 'serve', '--config', at(`${host}.json`)])
}

const urls = () => HOSTS.map(host => `https://localhost:${ports[host].proxies}`)

async function startProxy(): Promise<void> {
  const config = {
    listen: { port: 0 },
    data: at('data'),
    store: { kind: 'directory', path: at('store') },
    keys: { kind: 'custodian', urls: urls(), credentials: at('proxy') },
    log: { level: 'debug' },
  }
  writeFileSync(at('proxy.json'), JSON.stringify(config))
  proxy = startProgram(['proxy', '--config', at('proxy.json')])
  const [, endpoint] = await proxy.said(/"endpoint":"(http[^"]+)"/)
  const credential = readCredential(at('data', 'credentials'), 'default')
  s3 = sdkFor({ endpoint: endpoint!, credential })
}

/** The status with which the proxy answers a read of a bucket's object. */
async function answer(bucket = 'photos'): Promise<number> {
  return await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' })).then(
    async ({ Body }) => {
      expect(await Body!.transformToString()).toBe('what was written')
      return 200
    },
    error => error.$metadata?.httpStatusCode ?? 0,
  )
}

// ---- people

async function unseal(): Promise<void> {
  for (const one of [anna, ben, dora]) await officers.share('unseal', one)
  expect(await officers.status()).toBe('unsealed')
}

const pass = (act: string, params: object) => officers.pass(act, 'default', params, anna, [ben, cem, dora])

async function proposed(): Promise<{ proposal: string; id: string }> {
  const proposal = await officers.propose('loosen', 'default', SETTINGS, anna)
  return { proposal, id: proposalId(proposal) }
}

/** The approvals that are missing; the one given before counts. */
async function finish(proposal: string, id: string): Promise<void> {
  for (const one of [cem, dora]) await officers.approve(proposal, one)
  const { json } = await officers.execute(id, anna)
  expect(json).toMatchObject({ body: { state: 'done' } })
}

async function admit(into: string): Promise<void> {
  const ticket = await officers.ask('enrolment-ticket', { tenant: 'default', buckets: ['*'] }, ben)
  const pending = await enrol(urls()[0]!, { secret: ticket['secret']!, authority: ticket['authority']! })
  const { fingerprint, key, buckets } = pending.request
  await pass('enrol-proxy', { proxy: fingerprint, key, buckets: [...buckets] })
  expect(await pending.finish(into)).toBe(true)
  await pending.close()
}

// ---- leases

const asked = (bucket: string) => ({ tenant: 'default', bucket, key: 'current' }) as const

async function lease(bucket: string): Promise<void> {
  keep(await observer.lease(asked(bucket)))
}

function keep(given: Awaited<ReturnType<RemoteCustodian['lease']>>): void {
  for (const { key } of given.keys) leased.push({ lease: given.id, key: Buffer.from(key!) })
}

/** Every lease that was ever given stands in the log, and the log verifies to its end. */
async function expectInLog(): Promise<void> {
  const registry = await openPostgresRegistry(databaseUrl, folder)
  try {
    const rows = logRows(registry, ORIGIN)
    const [first] = (await rows.leaves(0, 1)).map(readEntry)
    const log = readVerifierKey(readGenesis(first!, ORIGIN).genesis.log)
    const { size } = await verifyLog(storedFiles(rows), { log })
    const entries = (await rows.leaves(0, size)).map(readEntry)
    const logged = new Set(entries.filter(({ type }) => type === 'lease').map(({ body }) => body['lease']))
    for (const { lease } of leased) expect(logged).toContain(lease)
  } finally {
    await registry.close()
  }
}

/** The proxy's memory, as a core dump would hold it, no longer has the key. */
async function expectForgotten(key: Buffer): Promise<void> {
  const found = await memoryOf(proxy.pid, spellings(key))
  expect(found.bytes).toBeGreaterThan(10_000_000)
  expect(found.places).toEqual([])
}
