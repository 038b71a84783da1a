import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { pino } from 'pino'
import { escortId, escortKeyContext } from '../../src/custody/escorts/key.ts'
import { generateHpkeKey, openWith } from '../../src/custody/hpke.ts'
import { mirroredFiles, storedFiles } from '../../src/custody/log/files.ts'
import { pullMirror } from '../../src/custody/log/mirror.ts'
import { signer, verifierKey } from '../../src/custody/log/note.ts'
import { verifyLog } from '../../src/custody/log/verify.ts'
import { Witness } from '../../src/custody/log/witness.ts'
import { witnessClient } from '../../src/custody/log/witness-client.ts'
import { serveWitness, witnessFiles } from '../../src/custody/log/witness-server.ts'
import { type RunningCustodian, serveCustodian } from '../../src/custody/server/serve.ts'
import { enrol } from '../../src/keys/remote/enrol.ts'
import { RemoteCustodian } from '../../src/keys/remote/remote-custodian.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { openPathRegistry } from '../../src/registry/path/registry.ts'
import { openDirectoryStore } from '../../src/store/directory/open.ts'
import { call } from '../../test/custody/server/officers-client.ts'
import { clientOf, counted, startProxy } from './data-plane.ts'
import { Officers, person } from './people.ts'
import { sitDown } from './screen.ts'

/**
 * `npm run demo:custody [-- --objects N]`: the custody plane on one machine, from the ceremony to a log that
 * programs of other origin verify. It fails at the first step that does not do what it says. TMPDIR=/dev/shm
 * spares a disk the many small commits.
 */

const ORIGIN = 'trustee.example/treuhand'
const Bucket = 'photos'
const HOUR = 3_600_000

const { values } = parseArgs({ options: { objects: { type: 'string', default: '100000' } } })
const count = Number(values.objects)
const folder = mkdtempSync(join(tmpdir(), 'treuhand-demo-'))
const closing: (() => Promise<unknown>)[] = []

try {
  await demonstrate()
  console.log('\nEvery step did what it says.')
} finally {
  while (closing.length > 0) await closing.pop()!().catch(() => {})
  rmSync(folder, { recursive: true, force: true })
}

async function demonstrate(): Promise<void> {
  let custodian = await startCustodian()
  const officers = new Officers(custodian.officers.port, ORIGIN)
  const [anna, ben, cem] = [
    await person('anna', 'trustee'),
    await person('ben', 'trustee'),
    await person('cem', 'trustee'),
  ]
  const [dora, emil] = [await person('dora', 'customer'), await person('emil', 'customer')]
  const everybody = [anna, ben, cem, dora, emil]

  step('A ceremony: 2 of 3 officers of the trustee, and 1 of 2 delegates of the customer')
  await officers.ceremony(everybody, { trustee: 2, customer: 1 })
  check((await officers.share('unseal', anna)).status === 403, 'nothing opens before every share is proven')
  for (const one of everybody) await officers.share('prove', one)
  const unsealBy = async (...people: typeof everybody) => {
    for (const one of people) await officers.share('unseal', one)
  }
  await unsealBy(anna, ben, cem)
  check((await officers.status()) !== 'unsealed', 'three officers without the customer do not open the root')
  await unsealBy(dora)
  check((await officers.status()) === 'unsealed', 'with one delegate they do')

  step("A witness of the customer's, which has the log's key, and a restart of the custodian under it")
  const witness = await startWitness(custodian)
  await custodian.close()
  custodian = await startCustodian(witness)
  officers.port = custodian.officers.port
  check((await officers.status()) === 'sealed', 'it starts sealed')
  await unsealBy(cem, ben, emil)
  check((await officers.status()) === 'unsealed', 'other holders open it again, and the witness has seen it')

  step('A tenant and two proxies, by four eyes; the proposer does not approve')
  const pass = async (act: string, tenant: string, params: object) =>
    await officers.pass(act, tenant, params, anna, [ben, cem, dora])
  const own = await officers.propose(
    'loosen',
    'acme',
    { split: false, ttl: 60_000, perUse: [], fence: null },
    anna,
  )
  check((await officers.approve(own, anna)).status === 403, 'a self-approval is refused')
  await pass('loosen', 'acme', { split: false, ttl: 60_000, perUse: [], fence: null })
  const { store, requests } = counted(await openDirectoryStore({ path: join(folder, 'store') }))
  closing.push(() => store.close())
  const registry = await openPathRegistry({ file: join(folder, 'path.db'), key: randomBytes(32) })
  closing.push(() => registry.close())
  const credential = {
    accessKeyId: `TH${randomBytes(9).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  const actions = ['read', 'write', 'delete', 'list', 'configure', 'manage'] as const
  await registry.accessKeys.put({
    id: credential.accessKeyId,
    secret: credential.secretAccessKey,
    tenant: 'acme',
    grants: [{ buckets: ['*'], actions }],
  })
  const admitted = async (name: string) => {
    const url = `https://localhost:${custodian.proxies.port}`
    const ticket = await officers.ask('enrolment-ticket', { tenant: 'acme', buckets: [Bucket] }, ben)
    const pending = await enrol(url, { secret: ticket['secret']!, authority: ticket['authority']! })
    const { fingerprint, key, buckets } = pending.request
    await pass('enrol-proxy', 'acme', { proxy: fingerprint, key, buckets: [...buckets] })
    check(await pending.finish(join(folder, name)), `${name} has its certificate`)
    await pending.close()
    const remote = await RemoteCustodian.open([url], join(folder, name))
    const proxy = await startProxy(store, remote, registry, credential)
    closing.push(proxy.close)
    return { s3: proxy.s3, endpoint: proxy.endpoint, fingerprint }
  }
  const [one, two] = [await admitted('proxy-1'), await admitted('proxy-2')]

  step(`${count} objects, written through both proxies`)
  await one.s3.send(new CreateBucketCommand({ Bucket }))
  await write([one.s3, two.s3])
  check((await read(two.s3, 0)) === body(0), 'what one wrote the other reads')

  step(`The KEK rotated, with ${count} objects in the store`)
  const token = (await officers.ask('token', { scope: 'rotate', lifetime: HOUR, networks: [] }, ben))[
    'secret'
  ]!
  const before = requests()
  const { version, rewrapped } = await officers.rotateKek('acme', token)
  check(
    version === 2 && requests() === before,
    `group keys rewrapped: ${rewrapped}; requests to the store: ${requests() - before}`,
  )
  check((await read(one.s3, 0)) === body(0), 'everything reads as before')

  step('A proxy revoked at one word')
  await officers.alone('revoke', 'acme', { proxy: two.fingerprint }, dora)
  check(await within(60_000, async () => (await status(two.s3)) === 503), 'it answers 503 within one lease')
  check((await read(one.s3, 1)) === body(1), 'the other goes on')

  step('A technician let in for ten minutes, under the eyes of a delegate')
  const recipient = await generateHpkeKey()
  const proposal = await pass('escort', 'acme', {
    grantee: 'staff 4711',
    recipient: recipient.publicKey.toString('base64url'),
    escort: emil.ssh.fingerprint,
    bucket: Bucket,
    prefixes: ['1'],
    actions: ['read'],
    networks: ['127.0.0.0/8'],
    minutes: 10,
  })
  const escort = escortId(proposal)
  const sealed = await call(officers.port, 'GET', `/v1/escorts/${escort}/key`)
  const key = await openWith(
    recipient.privateKey,
    Buffer.from(String(sealed.json['sealed']), 'base64url'),
    escortKeyContext(ORIGIN, escort),
  )
  const technician = clientOf(one.endpoint, JSON.parse(key.toString()))
  closing.push(async () => technician.destroy())
  check((await status(technician, '1')) === 403, 'nothing is served while nobody sits at the screen')
  const screen = await sitDown(officers.port, escort, officers.signed('watch-escort', { escort }, emil))
  check((await read(technician, 1)) === body(1), 'an object is read, once its line stands on the screen')
  check((await status(technician, '0')) === 403, 'what was not decided is refused')
  const isShown = async () => screen.lines.some(({ kind, key }) => kind === 'refused' && key === '0')
  check(await within(60_000, isShown), 'and stands on the screen too')
  await call(
    officers.port,
    'POST',
    `/v1/escorts/${escort}/end`,
    officers.signed('end-escort', { escort }, ben),
  )
  check((await status(technician, '1')) === 403, 'an officer has ended it')

  step('An order of an authority, entered, and answered by four eyes')
  const document = createHash('sha256').update('the order').digest('hex')
  const order = {
    authority: 'a court',
    legalBase: 'a law',
    reach: 'all of acme',
    document,
    tenant: 'acme',
    legalBar: '',
  }
  const taken = await officers.ask('order', order, ben)
  check(Number(taken['customerTold']) > 0, 'the customer is told')
  await pass('answer-order', 'acme', { order: document })

  step('The kill switch, at the word of one delegate')
  await officers.close('kill', emil)
  check((await officers.status()) === 'killed', 'the custodian has dropped its keys')
  check(await within(60_000, async () => (await status(one.s3)) === 503), 'the proxy answers 503')
  await unsealBy(anna, cem, dora)
  check((await status(one.s3)) === 503, 'shares alone do not lift it')
  await pass('lift-kill', '*', {})
  check(await within(60_000, async () => (await read(one.s3, 0)) === body(0)), 'shares and a proposal do')

  step('Everything read again')
  await readAll(one.s3)

  step('The log, verified')
  await verify(custodian, witness)
}

function startCustodian(witness?: Awaited<ReturnType<typeof startWitness>>): Promise<RunningCustodian> {
  return openSqliteRegistry(join(folder, 'custody.db')).then(async registry => {
    await registry.activate()
    const loopback = { host: '127.0.0.1', port: 0 }
    const options = {
      registry,
      folder,
      names: ['localhost'],
      origin: ORIGIN,
      proxies: loopback,
      officers: loopback,
      logger: pino({ level: 'silent' }),
    }
    const custodian = await serveCustodian({ ...options, ...(witness && { witness: witness.client }) })
    closing.push(() => custodian.close())
    return custodian
  })
}

async function startWitness({ custody }: RunningCustodian) {
  const key = signer('customer.example/witness', 4, randomBytes(32))
  const log = custody.opened().log.verifier
  const options = { signer: key, logs: [log], store: witnessFiles(join(folder, 'witness')), now: Date.now }
  const server = serveWitness(new Witness({ ...options, onFork: () => check(false, 'no fork') })).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { key, log, client: witnessClient({ url, verifier: key }) }
}

function body(n: number): string {
  return `object ${n}`
}

async function write(proxies: readonly S3Client[]): Promise<void> {
  await each(count, async n => {
    await proxies[n % proxies.length]!.send(new PutObjectCommand({ Bucket, Key: `${n}`, Body: body(n) }))
  })
}

async function read(s3: S3Client, n: number): Promise<string | undefined> {
  return await s3.send(new GetObjectCommand({ Bucket, Key: `${n}` })).then(
    ({ Body }) => Body!.transformToString(),
    () => undefined,
  )
}

async function readAll(s3: S3Client): Promise<void> {
  let right = 0
  await each(count, async n => {
    if ((await read(s3, n)) === body(n)) right++
  })
  check(right === count, `${right} of ${count} objects are what was written`)
}

async function status(s3: S3Client, Key = '0'): Promise<number> {
  return await s3.send(new GetObjectCommand({ Bucket, Key })).then(
    async ({ Body }) => {
      await Body!.transformToByteArray()
      return 200
    },
    error => error.$metadata?.httpStatusCode ?? 0,
  )
}

/** 32 at a time. */
async function each(total: number, act: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < total) await act(next++)
  }
  await Promise.all(Array.from({ length: 32 }, worker))
}

async function within(milliseconds: number, test: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + milliseconds
  while (performance.now() < end) {
    if (await test()) return true
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  return false
}

/** By our own verifier from a mirror, and by Go's sumdb and transparency-dev where Go is there. */
async function verify(
  { custody }: RunningCustodian,
  witness: Awaited<ReturnType<typeof startWitness>>,
): Promise<void> {
  const { log, witnessing } = custody.opened()
  await witnessing.round()
  const mirror = mirroredFiles(join(folder, 'mirror'))
  const trust = { log: witness.log, witness: witness.key }
  await pullMirror(storedFiles(custody.logStore), mirror, trust)
  const { size, types } = await verifyLog(mirror, trust)
  check(
    size === log.head.size && types.genesis === 1,
    `our verifier: ${size} entries, cosigned, from the genesis document on`,
  )
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const question = {
    log: verifierKey(witness.log),
    witness: verifierKey(witness.key),
    checkpoint: base64((await mirror.read('checkpoint'))!),
    leaf: base64(await log.leaf(0)),
    index: 0,
    inclusion: (await log.inclusion(0, size)).map(base64),
    oldSize: 1,
    oldRoot: base64(await log.rootAt(1)),
    consistency: (await log.consistency(1, size)).map(base64),
  }
  const checker = join(import.meta.dirname, '../../test/suites/log-verifier')
  const said = execFileSync('go', ['run', '.'], {
    cwd: checker,
    input: JSON.stringify(question),
    encoding: 'utf8',
  })
  check(said.trim() === 'accepted', "Go's sumdb and transparency-dev accept it")
}

function step(sentence: string): void {
  console.log(`\n${sentence}`)
}

/** A step that does not do what it says ends the demonstration. */
function check(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`does not hold: ${sentence}`)
  console.log(`  ok  ${sentence}`)
}
