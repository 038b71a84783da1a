import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readCredential } from '../../src/cli/credentials.ts'
import { approvalText } from '../../src/custody/approvals/approval.ts'
import { newNonce } from '../../src/custody/approvals/document.ts'
import { readGenesis } from '../../src/custody/approvals/genesis.ts'
import { readSshKey, sshFingerprint } from '../../src/custody/approvals/ssh-key.ts'
import { escortId } from '../../src/custody/escorts/key.ts'
import { readEntry } from '../../src/custody/log/entry.ts'
import { storedFiles } from '../../src/custody/log/files.ts'
import { readVerifierKey } from '../../src/custody/log/note.ts'
import { verifyLog } from '../../src/custody/log/verify.ts'
import { enrol } from '../../src/keys/remote/enrol.ts'
import { logRows } from '../../src/registry/custody/log-rows.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { Officers, type Person, person } from '../../tools/demo/people.ts'
import { freePort } from '../../tools/server.ts'
import { call } from '../custody/server/officers-client.ts'
import { type Program, startProgram } from '../harness/program.ts'
import { sdkFor } from '../harness/s3-client.ts'

/**
 * A custodian, a proxy of two workers, and the escort's screen, each a process of its own, and a client with the AWS
 * SDK who was let in. The tests follow one another.
 */
const ORIGIN = 'trustee.example/escorts'
const Bucket = 'photos'
const MINUTE = 60_000
/** More than what lies in buffers between the proxy and a client that does not read. */
const LARGE = 64 * 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'treuhand-escort-'))
const at = (...path: string[]) => join(folder, ...path)
const [anna, ben, cem] = [
  await person('anna', 'trustee'),
  await person('ben', 'trustee'),
  await person('cem', 'trustee'),
]
/** The escort, who signs by the commands. */
const dora: Person = { ...(await person('dora', 'customer')), ssh: keygenSigner(at('dora')) }
const emil = await person('emil', 'customer')
const everybody = [anna, ben, cem, dora, emil]
const ports = { proxies: await freePort(), officers: await freePort() }
const officers = new Officers(ports.officers, ORIGIN)
const reach = [
  '--custodian',
  `https://localhost:${ports.officers}`,
  '--authority',
  at('custodian', 'authority.crt'),
]
const sign = ['--sign', at('dora')]

let custodian: Program
let proxy: Program
let endpoint: string
let own: S3Client
const programs: Program[] = []
const clients: S3Client[] = []
const secrets: string[] = []

beforeAll(async () => {
  writeFileSync(
    at('custodian.json'),
    JSON.stringify({
      origin: ORIGIN,
      data: at('custodian'),
      names: ['localhost'],
      proxies: { host: '127.0.0.1', port: ports.proxies },
      officers: { host: '127.0.0.1', port: ports.officers },
      registry: { kind: 'sqlite' },
      seal: { kind: 'quorum' },
    }),
  )
  await startCustodian()
  await officers.ceremony(everybody, { trustee: 2, customer: 1 })
  for (const one of everybody) await officers.share('prove', one)
  await unseal()
  await pass('loosen', { split: false, ttl: MINUTE, perUse: [], fence: null })
  await startProxy()
  await own.send(new CreateBucketCommand({ Bucket }))
  for (const Key of ['2026/a.jpg', '2025/secret.jpg'])
    await own.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
  await own.send(new PutObjectCommand({ Bucket, Key: '2026/large', Body: Buffer.alloc(LARGE, 'x') }))
})

afterAll(async () => {
  for (const client of clients) client.destroy()
  for (const program of programs) await program.kill()
  rmSync(folder, { recursive: true, force: true })
})

test('who is let in reads under the eyes of the escort, as far as was decided and no further', async () => {
  const recipient = 'A'.repeat(43)
  const himself = wish(recipient, 60).with(5, 'Dora')
  expect(await treuhand(3, 'escort', 'propose', ...reach, ...sign, ...himself)).toContain(
    'Nobody escorts himself',
  )
  const dry = await treuhand(0, 'escort', 'propose', ...reach, ...sign, '--dry-run', ...wish(recipient, 60))
  expect(dry).toContain('Nothing was done')

  const { id, s3 } = await letIn()
  await expect(read(s3, '2026/a.jpg')).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringMatching(/Nobody sits/),
  })

  const screen = await sitDown(id)
  expect(await read(s3, '2026/a.jpg')).toBe('2026/a.jpg')
  await screen.said(/GetObject {2}photos\/2026\/a\.jpg {2}from 127\.0\.0\.1\n.*answered 200: 10 bytes out/)
  await s3.send(new HeadObjectCommand({ Bucket, Key: '2026/a.jpg' }))
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: '2026/' }))
  expect(Contents!.map(({ Key }) => Key)).toEqual(['2026/a.jpg', '2026/large'])
  // Both workers serve it.
  const many = await Promise.all(Array.from({ length: 20 }, () => read(s3, '2026/a.jpg')))
  expect(new Set(many)).toEqual(new Set(['2026/a.jpg']))

  const denied = { $metadata: expect.objectContaining({ httpStatusCode: 403 }) }
  await expect(read(s3, '2025/secret.jpg')).rejects.toMatchObject(denied)
  const wrong = [
    () => s3.send(new PutObjectCommand({ Bucket, Key: '2026/a.jpg', Body: 'changed' })),
    () => s3.send(new ListObjectsV2Command({ Bucket })),
    () => s3.send(new ListBucketsCommand({})),
    () => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: '2026/a.jpg' }] } })),
    () => s3.send(new CopyObjectCommand({ Bucket, Key: '2026/b', CopySource: `${Bucket}/2025/secret.jpg` })),
  ]
  for (const refused of wrong) await expect(refused()).rejects.toMatchObject(denied)
  await screen.said(/REFUSED GetObject {2}photos\/2025\/secret\.jpg .*reaches photos\/2026\/ alone/)
  for (const operation of ['PutObject', 'ListObjectsV2', 'ListBuckets', 'DeleteObjects', 'CopyObject'])
    await screen.said(new RegExp(`REFUSED ${operation}`))
  expect(await read(own, '2026/a.jpg')).toBe('2026/a.jpg')

  const forged = client({ accessKeyId: id, secretAccessKey: 'x'.repeat(40) })
  await expect(read(forged, '2026/large')).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
  expect(screen.output()).not.toContain('2026/large')
  await screen.kill()
})

test('any officer ends it: what is being served is cut, and both workers refuse it from then on', async () => {
  const { id, s3 } = await letIn()
  const screen = await sitDown(id)
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: '2026/large' }))
  await end(id, ben)
  await expect(Body!.transformToByteArray()).rejects.toThrow()
  const over = { name: 'AccessDenied', message: expect.stringMatching(/An officer or delegate ended/) }
  for (let n = 0; n < 10; n++) await expect(read(s3, '2026/a.jpg')).rejects.toMatchObject(over)
  expect(await screen.ended).toBe(0)
  expect(await read(own, '2026/a.jpg')).toBe('2026/a.jpg')
})

test('a key of the keyboard ends it too', async () => {
  const { id, s3 } = await letIn()
  const screen = startProgram(['escort', 'watch', ...reach, ...sign, id], [], 'e\n')
  programs.push(screen)
  expect(await screen.ended).toBe(0)
  await expect(read(s3, '2026/a.jpg')).rejects.toMatchObject({
    message: expect.stringMatching(/ended this escorted/),
  })
})

test('a screen that shows nothing for 15 seconds ends it', async () => {
  const { id, s3 } = await letIn()
  const screen = await sitDown(id)
  expect(await read(s3, '2026/a.jpg')).toBe('2026/a.jpg')
  process.kill(screen.pid, 'SIGSTOP')
  await expect(read(s3, '2026/a.jpg')).rejects.toMatchObject({
    message: expect.stringMatching(/within 15 seconds/),
  })
  await screen.kill()
})

test('its time over, it is refused with the reason', async () => {
  const { id, s3 } = await letIn({ minutes: 1 })
  const screen = await sitDown(id)
  expect(await read(s3, '2026/a.jpg')).toBe('2026/a.jpg')
  expect(await screen.ended).toBe(0)
  await expect(read(s3, '2026/a.jpg')).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringMatching(/time of this escorted access is over/),
  })
})

test('the custodian away, nothing is served under it, while the proxy serves on under its leases', async () => {
  const { id, s3 } = await letIn()
  const screen = await sitDown(id)
  expect(await read(s3, '2026/a.jpg')).toBe('2026/a.jpg')
  await custodian.kill()
  await expect(read(s3, '2026/a.jpg')).rejects.toMatchObject({ name: 'EscortUnavailable' })
  expect(await read(own, '2026/a.jpg')).toBe('2026/a.jpg')
  await screen.said(/Nothing is served meanwhile/)
  await screen.kill()

  await startCustodian()
  await unseal()
  const again = await sitDown(id)
  await vi.waitFor(async () => expect(await read(s3, '2026/a.jpg')).toBe('2026/a.jpg'), { timeout: MINUTE })
  expect(await treuhand(0, 'escort', 'end', ...reach, ...sign, '--dry-run', id)).toContain('Nothing was done')
  expect(await read(s3, '2026/a.jpg')).toBe('2026/a.jpg')
  await treuhand(0, 'escort', 'end', ...reach, ...sign, id)
  expect(await again.ended).toBe(0)
  const listed = await treuhand(0, 'escort', 'list', ...reach, ...sign)
  expect(listed).toMatch(
    new RegExp(`${id} {2}staff 4711: read, list of photos/2026/.*An officer or delegate ended`),
  )
})

test('the log verifies and shows each request without names; no secret stands anywhere', async () => {
  await custodian.kill('SIGTERM')
  const registry = await openSqliteRegistry(at('custodian', 'custody.db'))
  const rows = logRows(registry, ORIGIN)
  const [first] = (await rows.leaves(0, 1)).map(readEntry)
  const log = readVerifierKey(readGenesis(first!, ORIGIN).genesis.log)
  const { size } = await verifyLog(storedFiles(rows), { log })
  const leaves = await rows.leaves(0, size)
  await registry.close()
  const escorts = leaves.map(readEntry).filter(({ type }) => type === 'escort')
  const counted = (step: string) => escorts.filter(({ body }) => body['step'] === step).length
  expect(counted('request')).toBeGreaterThan(30)
  expect(counted('answered')).toBeGreaterThan(25)
  // What was cut.
  expect(escorts.some(({ body }) => body['step'] === 'answered' && body['status'] === 0)).toBe(true)
  expect(new Set(escorts.map(({ body }) => body['why']))).toEqual(
    new Set([undefined, 'ended', 'unacknowledged', 'over']),
  )
  const text = leaves.map(String).join('\n')
  for (const name of ['a.jpg', 'secret.jpg', '127.0.0.1']) expect(text).not.toContain(name)

  expect(secrets.length).toBeGreaterThan(4)
  const said = [
    ...programs.map(({ output }) => output()),
    ...filesOf(at('custodian')),
    ...filesOf(at('data')),
  ]
  for (const secret of secrets) for (const one of said) expect(one.includes(secret)).toBe(false)
})

// ---- processes

async function startCustodian(): Promise<void> {
  custodian = startProgram(['custodian', 'serve', '--config', at('custodian.json')])
  programs.push(custodian)
  await custodian.said(/custodian\.serves/)
}

async function startProxy(): Promise<void> {
  const url = `https://localhost:${ports.proxies}`
  const ticket = await officers.ask('enrolment-ticket', { tenant: 'default', buckets: ['*'] }, ben)
  const pending = await enrol(url, { secret: ticket['secret']!, authority: ticket['authority']! })
  const { fingerprint, key, buckets } = pending.request
  await pass('enrol-proxy', { proxy: fingerprint, key, buckets: [...buckets] })
  expect(await pending.finish(at('proxy'))).toBe(true)
  await pending.close()
  const config = {
    listen: { port: 0 },
    workers: 2,
    data: at('data'),
    store: { kind: 'directory', path: at('store') },
    keys: { kind: 'custodian', urls: [url], credentials: at('proxy') },
    log: { level: 'debug' },
  }
  writeFileSync(at('proxy.json'), JSON.stringify(config))
  proxy = startProgram(['proxy', '--config', at('proxy.json')])
  programs.push(proxy)
  endpoint = (await proxy.said(/"endpoint":"(http[^"]+)"/))[1]!
  own = client(readCredential(at('data', 'credentials'), 'default'))
}

/** Sits down as the escort, by the command. */
async function sitDown(id: string): Promise<Program> {
  const screen = startProgram(['escort', 'watch', ...reach, ...sign, id])
  programs.push(screen)
  await screen.said(/Type e and Enter/)
  await vi.waitFor(async () => {
    const { json } = await call(ports.officers, 'GET', `/v1/escorts/${id}/key`)
    expect(json['sealed']).toBeDefined()
  })
  return screen
}

/** Runs a command to its end, which must be with this exit code. */
async function treuhand(exit: number, ...args: string[]): Promise<string> {
  const program = startProgram(args)
  programs.push(program)
  expect([await program.ended, program.output()]).toEqual([exit, expect.any(String)])
  return program.output()
}

// ---- people

async function unseal(): Promise<void> {
  for (const one of [anna, ben, dora]) await officers.share('unseal', one)
  expect(await officers.status()).toBe('unsealed')
}

const pass = (act: string, params: object) => officers.pass(act, 'default', params, anna, [ben, cem, dora])

/** Lets somebody in whom dora watches, and gives them their key. */
async function letIn({ minutes = 60 }: { minutes?: number } = {}): Promise<{ id: string; s3: S3Client }> {
  const name = `grantee-${secrets.length}`
  const { publicKey } = JSON.parse(await treuhand(0, 'escort', 'key', '--json', at(name)))
  const proposed = await treuhand(5, 'escort', 'propose', ...reach, ...sign, ...wish(publicKey, minutes))
  const proposal = /digest {3}([0-9a-f]{64})/.exec(proposed)![1]!
  const { json } = await officers.look(proposal, dora)
  const { document } = json['body'] as { document: string }
  for (const one of [anna, ben, emil]) expect((await officers.approve(document, one)).status).toBe(200)
  await treuhand(0, 'custodian', 'execute', ...reach, ...sign, proposal)
  const id = escortId(proposal)
  expect(proposed).toContain(`treuhand escort watch … ${id}`)
  await treuhand(0, 'escort', 'fetch', ...reach, '--key', at(name), id, at(`${name}.credentials`))
  const credential = readCredential(at(`${name}.credentials`), 'escort')
  secrets.push(credential.secretAccessKey)
  return { id, s3: client(credential) }
}

function wish(recipient: string, minutes: number): string[] {
  return [
    ...['--tenant', 'default', '--reason', 'ticket 7', '--grantee', 'staff 4711', '--recipient', recipient],
    ...[
      '--escort',
      dora.ssh.fingerprint,
      '--bucket',
      Bucket,
      '--prefixes',
      '2026/',
      '--actions',
      'read,list',
    ],
    ...['--networks', '127.0.0.0/8,::1/128', '--minutes', `${minutes}`],
  ]
}

async function end(id: string, by: Person): Promise<void> {
  const word = officers.signed('end-escort', { escort: id }, by)
  expect(await call(ports.officers, 'POST', `/v1/escorts/${id}/end`, word)).toMatchObject({ status: 200 })
}

/** A person whose key lies in a file, as the commands want it. */
function keygenSigner(file: string): Person['ssh'] {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  const line = readFileSync(`${file}.pub`, 'utf8').trim()
  const fingerprint = sshFingerprint(readSshKey(line))
  const signs = (text: string) =>
    execFileSync('ssh-keygen', ['-Y', 'sign', '-n', 'treuhand-approval', '-f', file], {
      input: text,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  return {
    line,
    fingerprint,
    sign: signs,
    decide(proposal, { origin, expires, decision = 'approve', nonce = newNonce() }) {
      const text = approvalText({ origin, decision, proposal, signer: fingerprint, expires, nonce })
      return [text, signs(text)]
    },
  }
}

// ---- objects

function client(credential: { accessKeyId: string; secretAccessKey: string }): S3Client {
  const made = sdkFor({ endpoint, credential })
  clients.push(made)
  return made
}

async function read(s3: S3Client, Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
  return await Body!.transformToString()
}

function filesOf(place: string): string[] {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter(one => one.isFile())
    .map(one => readFileSync(join(one.parentPath, one.name), 'latin1'))
}
