import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Credential } from '../../src/cli/credentials.ts'
import { makeToken } from '../../src/custody/tokens.ts'
import { readStoredHeaders } from '../../src/seal/metadata.ts'
import { openS3Store, type S3Store } from '../../src/store/s3/open.ts'
import { collect } from '../../src/wire/sinks.ts'
import { startVersitygw } from '../../tools/versitygw.ts'
import { addTenant, enrolProxy, startCustodian } from '../custody/server/custodian.ts'
import { call } from '../custody/server/officers-client.ts'
import { PROGRAM, runTreuhand, startTreuhand } from '../harness/treuhand.ts'

const OBJECTS = 10_000
const CLIENTS = 4
/** How many objects `reencrypt` has under way. */
const PARALLEL = 16
const names = Array.from({ length: OBJECTS }, (_, number) => `object-${number}`)

test('10,000 objects are re-encrypted while clients write the same keys: none lost, none torn, resumed after kill -9', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-reencrypt-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = await startVersitygw()
  onTestFinished(() => store.stop())
  const { access: accessKeyId, secret: secretAccessKey } = store.root
  const atStore = await clientOf(store.endpoint, { accessKeyId, secretAccessKey })
  const custodian = await startCustodian()
  // Leases of a minute: the proxy seals with the old key for a third of that.
  await addTenant(custodian, 'default', { ttl: 60_000 })
  const { folder: credentials } = await enrolProxy(custodian, 'default', ['*'])
  const config = join(folder, 'config.json')
  writeFileSync(
    join(folder, 'store-credentials'),
    `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    { mode: 0o600 },
  )
  writeFileSync(
    config,
    JSON.stringify({
      store: { kind: 's3', endpoint: store.endpoint, credentials: 'store-credentials' },
      keys: { kind: 'custodian', urls: [custodian.url], credentials },
    }),
  )
  const data = join(folder, 'data')
  const treuhand = await startTreuhand({ data, args: ['--config', config] })
  onTestFinished(async () => void (await treuhand.stop('SIGKILL')))
  const application = await clientOf(treuhand.endpoint, treuhand.credential)
  await application.createBucket('photos', {})
  await Promise.all(
    Array.from({ length: 16 }, async (_, lane) => {
      for (let place = lane; place < OBJECTS; place += 16) await put(application, place, 0)
    }),
  )

  const token = (await makeToken(custodian.custody, 'rotate', 3_600_000, [], 'an officer')).secret
  const officers = custodian.officers.port
  const { epochs } = (await call(officers, 'GET', '/v1/epochs/default', undefined, token)).json as {
    epochs: { id: string; bucket: string }[]
  }
  const key = epochs.find(({ bucket }) => bucket === 'photos')!.id
  const rotated = { tenant: 'default', bucket: 'photos' }
  expect((await call(officers, 'POST', '/v1/rotations/epoch', rotated, token)).status).toBe(200)

  // Each client writes keys of its own, so that it knows what was written last; the odd ones nobody writes.
  const newest = names.map(() => 0)
  let stop = false
  const clients = Array.from({ length: CLIENTS }, async (_, lane) => {
    for (let place = 2 * lane; !stop; place = (place + 14 * CLIENTS) % OBJECTS) {
      await put(application, place, newest[place]! + 1)
      newest[place]! += 1
      await sleep(10)
    }
  })

  const args = ['reencrypt', '--config', config, '--data', data, '--buckets', 'photos', '--json', key]
  const first = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'ignore' })
  const gone = once(first, 'exit')
  // A tenth of all, in the order of their names.
  await wrappedAnew(atStore, 'object-1999', key)
  first.kill('SIGKILL')
  expect((await gone)[1]).toBe('SIGKILL')

  const second = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [report, [code]] = await Promise.all([text(second.stdout), once(second, 'close')])
  stop = true
  await Promise.all(clients)
  expect(code, report).toBe(0)
  const { rewritten, due, left } = JSON.parse(report)
  expect(left).toEqual([])
  expect(due.versions).toBe(0)
  // What the killed run had under way when it died is not counted.
  expect(rewritten.versions).toBeGreaterThanOrEqual(OBJECTS / 2 - PARALLEL)

  const look = ['where-used', '--exact', '--config', config, '--data', data, '--json', key]
  expect(JSON.parse((await runTreuhand(look)).stdout).objects).toEqual([])
  await Promise.all(
    Array.from({ length: 16 }, async (_, lane) => {
      for (let place = lane; place < OBJECTS; place += 16) {
        const { body } = await application.get({ bucket: 'photos', key: names[place]! }, undefined, {})
        expect((await collect(body)).toString()).toBe(content(place, newest[place]!))
      }
    }),
  )
}, 900_000)

/** A client that knows what the proxy, and versitygw, do. */
async function clientOf(endpoint: string, credential: Credential): Promise<S3Store> {
  const client = await openS3Store({
    endpoint: new URL(endpoint),
    region: 'us-east-1',
    addressing: 'path',
    credential,
    findings: {
      clockSkew: 0,
      publishesShortPuts: false,
      objectForm: 'unsigned-trailer',
      partForm: 'unsigned-trailer',
      checksums: [],
      conditions: { put: true, complete: true, delete: true, 'copy-source': true },
    },
  })
  onTestFinished(() => client.close())
  return client
}

/** Tells which object it is of, and which writing; long enough to be torn. */
const content = (place: number, turn: number): string => `${names[place]} ${turn};`.repeat(100)

async function put(application: S3Store, place: number, turn: number): Promise<void> {
  const bytes = Buffer.from(content(place, turn))
  const at = { bucket: 'photos', key: names[place]! }
  const writer = await application.put(at, { metadata: {}, settings: {} }, bytes.length, {})
  await writer.write([bytes])
  await writer.finish()
}

async function wrappedAnew(atStore: S3Store, name: string, key: string): Promise<void> {
  for (;;) {
    const head = await atStore.head({ bucket: 'photos', key: name }, {})
    const { groupKeyId } = readStoredHeaders(head)!.envelope
    if (Buffer.from(groupKeyId).toString('hex') !== key) return
    await sleep(20)
  }
}
