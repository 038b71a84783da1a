import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Agent, request } from 'undici'
import { readSshKey, sshFingerprint } from '../../src/custody/approvals/ssh-key.ts'
import { readEntry } from '../../src/custody/log/entry.ts'
import { type LogFiles, mirroredFiles } from '../../src/custody/log/files.ts'
import { pullMirror } from '../../src/custody/log/mirror.ts'
import { readVerifierKey } from '../../src/custody/log/note.ts'
import { unpackEntries } from '../../src/custody/log/tiles.ts'
import { freePort } from '../server.ts'

/**
 * `npm run demo:commands`: a trustee and a customer on one machine, by nothing but the commands that people run,
 * each in a process of its own. It ends with 1 at the first step that does not do what it says.
 */
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')
const OBJECTS = 5
const ORIGIN = 'demo.treuhand.example/custodian'
const TRUSTEE = ['anna', 'ben', 'cem'] as const
const CUSTOMER = ['dora', 'emil'] as const
const PEOPLE = [...TRUSTEE, ...CUSTOMER]

const folder = mkdtempSync(join(tmpdir(), 'treuhand-demo-'))
const at = (...path: string[]) => join(folder, ...path)
const children: ReturnType<typeof spawn>[] = []
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface Outcome {
  readonly exit: number
  readonly out: string
  readonly err: string
}

async function treuhand(args: readonly string[], input?: string): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(input)
  const ended = new Promise<number>(resolve => child.on('close', code => resolve(code ?? 1)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { exit: await ended, out, err }
}

function check(what: string, holds: boolean, seen: unknown): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(seen)}`)
  console.log(`  ok  ${what}`)
}

async function does(
  what: string,
  expected: number,
  args: readonly string[],
  input?: string,
): Promise<Outcome> {
  const outcome = await treuhand(args, input)
  check(what, outcome.exit === expected, outcome)
  return outcome
}

function background(args: readonly string[]): ReturnType<typeof spawn> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  return child
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds().catch(() => false)) return check(what, true, '')
    await sleep(200)
  }
  check(what, false, 'not within a minute')
}

// People and their keys.
for (const person of PEOPLE)
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', person, '-f', at(person)])
const publicKeys = new Map<string, string>()
for (const person of PEOPLE) {
  const { out } = await does(`${person} makes a key for a share`, 0, [
    'custodian',
    'holder-key',
    '--json',
    at(`${person}.x25519`),
  ])
  publicKeys.set(person, JSON.parse(out).publicKey)
}

// The custodian, and its ceremony: 2 of 3 officers, 1 of 2 delegates.
const [proxiesPort, officersPort] = [await freePort(), await freePort()]
writeFileSync(
  at('custodian.json'),
  JSON.stringify({
    origin: ORIGIN,
    data: at('custodian'),
    names: ['localhost'],
    proxies: { host: '127.0.0.1', port: proxiesPort },
    officers: { host: '127.0.0.1', port: officersPort },
    registry: { kind: 'sqlite' },
    seal: { kind: 'quorum' },
  }),
)
background(['custodian', 'serve', '--config', at('custodian.json')])
const url = `https://localhost:${officersPort}`
const before = ['--custodian', url, '--authority', at('custodian', 'tls.crt')]
const reach = ['--custodian', url, '--authority', at('custodian', 'authority.crt')]
await until('the custodian answers, and has no root', async () => {
  const { exit, out } = await treuhand(['custodian', 'status', '--json', ...before])
  return exit === 4 && JSON.parse(out).state === 'uninitialised'
})
const roleOf = (person: string) => ((TRUSTEE as readonly string[]).includes(person) ? 'officer' : 'delegate')
const approvers = Object.fromEntries(
  PEOPLE.map(person => {
    const line = readFileSync(at(`${person}.pub`), 'utf8').trim()
    const party = roleOf(person) === 'officer' ? 'trustee' : 'customer'
    return [
      sshFingerprint(readSshKey(line)),
      { role: roleOf(person), party, person, key: { kind: 'ssh', line } },
    ]
  }),
)
const holders = (people: readonly string[]) => people.map(name => ({ name, publicKey: publicKeys.get(name) }))
const parties = [
  { name: 'trustee', needed: 2, holders: holders(TRUSTEE) },
  { name: 'customer', needed: 1, holders: holders(CUSTOMER) },
]
writeFileSync(at('plan.json'), JSON.stringify({ plan: { origin: ORIGIN, needed: 2, parties }, approvers }))
mkdirSync(at('shares'))
await does('the root is dealt', 0, ['custodian', 'ceremony', ...before, at('plan.json'), at('shares')])
const share = (verb: string, person: string, known: readonly string[]) => [
  'custodian',
  'share',
  verb,
  ...known,
  '--key',
  at(`${person}.x25519`),
  at('shares', `${person}.share`),
]
for (const person of PEOPLE) await does(`${person} proves a share`, 0, share('prove', person, before))
for (const person of ['anna', 'dora', 'cem'])
  await does(`${person} brings a share to unseal`, 0, share('unseal', person, before))
await does('the custodian is unsealed', 0, ['custodian', 'status', ...reach])

// Four eyes.
const sign = (person: string) => [...reach, '--sign', at(person)]
async function pass(act: string, tenant: string, params: object): Promise<void> {
  writeFileSync(at('params.json'), JSON.stringify(params))
  const wish = ['--tenant', tenant, '--reason', 'the demo', '--params', at('params.json')]
  const { err } = await does(`anna proposes ${act}`, 5, [
    'custodian',
    'propose',
    ...sign('anna'),
    ...wish,
    act,
  ])
  const id = /digest {3}([0-9a-f]{64})/.exec(err)![1]!
  await does('anna may not approve it herself', 3, ['custodian', 'approve', ...sign('anna'), id])
  await does('it is not carried out before the others approved', 5, [
    'custodian',
    'execute',
    ...sign('anna'),
    id,
  ])
  for (const person of ['ben', 'cem', 'dora'])
    await does(`${person} approves`, 0, ['custodian', 'approve', ...sign(person), id])
  await does(`${act} is carried out`, 0, ['custodian', 'execute', ...sign('anna'), id])
}
await pass('loosen', 'default', { split: false, ttl: 60_000, perUse: [], fence: null })

// Two proxies, each over a store of its own: a folder is one proxy's.
const proxyPorts = [await freePort(), await freePort()]
const fingerprints: string[] = []
for (const [number, port] of proxyPorts.entries()) {
  const { out } = await does('ben makes a ticket', 0, [
    'custodian',
    'ticket',
    ...sign('ben'),
    '--buckets',
    '*',
    '--json',
    'default',
  ])
  const { secret, authority } = JSON.parse(out)
  const config = at(`proxy${number}.json`)
  const keys = {
    kind: 'custodian',
    urls: [`https://localhost:${proxiesPort}`],
    credentials: at(`credentials${number}`),
  }
  const store = { kind: 'directory', path: at(`store${number}`) }
  writeFileSync(config, JSON.stringify({ listen: { port }, data: at(`data${number}`), store, keys }))
  const enrolling = spawn(process.execPath, [MAIN, 'enrol', '--config', config], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(enrolling)
  enrolling.stdin.end(`treuhand-enrol.${secret}.${authority}`)
  let said = ''
  enrolling.stdout.on('data', piece => {
    said += piece
  })
  await until(`proxy ${number} asks to be admitted`, async () => /[0-9a-f]{64}/.test(said))
  const proxy = /[0-9a-f]{64}/.exec(said)![0]
  fingerprints.push(proxy)
  const { out: params } = await does('its key is in the log', 0, [
    'custodian',
    'enrolment',
    ...sign('ben'),
    proxy,
  ])
  await pass('enrol-proxy', 'default', JSON.parse(params))
  await new Promise(resolve => enrolling.on('close', resolve))
  background(['proxy', '--config', config])
}

// Objects, through both.
const cli = (number: number, ...args: string[]) => [
  args[0]!,
  '--config',
  at(`proxy${number}.json`),
  ...args.slice(1),
]
const content = (number: number) => `object ${number} of the demo`
for (const [number] of proxyPorts.entries())
  await until(`proxy ${number} serves`, async () => {
    const answer = await fetch(`http://127.0.0.1:${proxyPorts[number]}/`)
    return answer.status === 403
  })
writeFileSync(at('first'), content(0))
for (const number of [0, 1])
  await does(
    `an object is written through proxy ${number}`,
    0,
    cli(number, 'put', at('first'), 's3://demo/0'),
  )
for (let number = 1; number < OBJECTS; number++) {
  writeFileSync(at('next'), content(number))
  const { exit, err } = await treuhand(cli(0, 'put', at('next'), `s3://demo/${number}`))
  if (exit !== 0) check(`object ${number} is written`, false, err)
}
const reads = async (what: string, proxy: number) => {
  const { out } = await does(what, 0, cli(proxy, 'get', 's3://demo/0'))
  check('it is the one that was written', out === content(0), out)
}
for (const number of [0, 1]) await reads(`it is read through proxy ${number}`, number)

// A proxy revoked at one delegate's word: it hears of it at once, and answers 503.
writeFileSync(at('params.json'), JSON.stringify({ proxy: fingerprints[1] }))
const word = (person: string, tenant: string) => [...sign(person), '--tenant', tenant, '--reason', 'the demo']
await does('dora revokes the second proxy alone', 0, [
  'custodian',
  'revoke',
  ...word('dora', 'default'),
  '--params',
  at('params.json'),
])
await until(
  'the revoked proxy answers no more',
  async () => (await treuhand(cli(1, 'get', 's3://demo/0'))).exit !== 0,
)
await reads('the other goes on', 0)

// A script rotates the KEK with a token that can do nothing else.
const { out: secret } = await does('ben makes a token for rotations', 0, [
  'custodian',
  'token',
  ...sign('ben'),
  'rotate',
])
writeFileSync(at('token'), secret, { mode: 0o600 })
const scripted = [...reach, '--json', '--token-file', at('token'), 'default']
const { out: rotation } = await does('the KEK is rotated', 0, ['rotate', ...scripted])
check('its group keys are wrapped anew', JSON.parse(rotation).version === 2, rotation)
await does('a second rotation within the hour is refused', 3, ['rotate', ...scripted])

// Erasure is proposed by a script, and vetoed by a delegate.
const { out: proposing } = await does('ben makes a token that may propose', 0, [
  'custodian',
  'token',
  ...sign('ben'),
  'operator',
])
writeFileSync(at('operator'), proposing, { mode: 0o600 })
const { err: erasure } = await does('a script proposes to erase everything', 5, [
  'erase',
  ...reach,
  ...['--token-file', at('operator'), '--reason', 'the demo', '--keys', '*', 'default'],
])
const erased = /digest {3}([0-9a-f]{64})/.exec(erasure)![1]!
await does('ben may not approve what his token proposed', 3, ['custodian', 'approve', ...sign('ben'), erased])
await does('emil vetoes it', 0, ['custodian', 'veto', ...sign('emil'), erased])
await does('whoever waits for it is told', 3, [
  'custodian',
  'execute',
  ...sign('anna'),
  ...['--wait', '1', erased],
])
await reads('objects open as before', 0)

// An authority's order, registered and answered by a signed statement.
const paper = {
  authority: 'a court',
  legalBase: 'a law',
  reach: 'all of it',
  document: 'ab'.repeat(32),
  tenant: 'default',
  legalBar: '',
}
writeFileSync(at('order.json'), JSON.stringify(paper))
const { out: registered } = await does('ben registers an order', 0, [
  'custodian',
  'order',
  ...sign('ben'),
  '--json',
  at('order.json'),
])
await pass('answer-order', 'default', { order: JSON.parse(registered).document })

// The kill switch, and the way back.
await does('emil kills all keys alone', 0, ['custodian', 'kill', ...word('emil', '*')])
await until(
  'the proxy answers no more',
  async () => (await treuhand(cli(0, 'get', 's3://demo/0'))).exit !== 0,
)
for (const person of ['ben', 'cem', 'emil'])
  await does(`${person} brings a share`, 0, share('unseal', person, reach))
await does('it is still killed', 4, ['custodian', 'status', ...reach])
await pass('lift-kill', '*', {})
await until(
  'the proxy reads again',
  async () => (await treuhand(cli(0, 'get', 's3://demo/0'))).out === content(0),
)
for (let number = 0; number < OBJECTS; number++) {
  const { out, err } = await treuhand(cli(0, 'get', `s3://demo/${number}`))
  if (out !== content(number)) check(`object ${number} is read`, false, err)
}
check('every object is read again', true, '')

// The log, read with an auditor's token, mirrored and verified without the custodian.
const { out: auditor } = await does('dora makes a token for an auditor', 0, [
  'custodian',
  'token',
  ...sign('dora'),
  'auditor',
])
const headers = { authorization: `Bearer ${auditor.trim()}` }
const dispatcher = new Agent({ connect: { ca: readFileSync(at('custodian', 'authority.crt')) } })
const served: LogFiles = {
  async read(path) {
    const { statusCode, body } = await request(`${url}/v1/log/${path}`, { dispatcher, headers })
    const bytes = Buffer.from(await body.arrayBuffer())
    return statusCode === 200 ? bytes : undefined
  },
}
const firstBundle = async () => (await served.read('tile/entries/000')) ?? (await narrowBundle())
const narrowBundle = async () => await served.read('tile/entries/000.p/1')
const genesis = readEntry(unpackEntries((await firstBundle())!)[0]!)
const logKey = (JSON.parse(String(genesis.body['document'])) as { log: string }).log
const size = await pullMirror(served, mirroredFiles(at('mirror')), { log: readVerifierKey(logKey) })
await does(`the log of ${size} entries is verified offline`, 0, [
  'log',
  'verify',
  '--log',
  logKey,
  at('mirror'),
])
console.log('Everything did what it says.')
process.exit(0)
