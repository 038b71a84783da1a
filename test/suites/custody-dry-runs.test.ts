import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Command, type CommandContext, type RouteMap, run } from '@stricli/core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { app } from '../../src/cli/app.ts'
import { newNonce, proposalId } from '../../src/custody/approvals/document.ts'
import { escortId } from '../../src/custody/escorts/key.ts'
import { generateHpkeKey } from '../../src/custody/hpke.ts'
import { mirroredFiles, storedFiles } from '../../src/custody/log/files.ts'
import { pullMirror } from '../../src/custody/log/mirror.ts'
import { readVerifierKey } from '../../src/custody/log/note.ts'
import { RemoteCustodian } from '../../src/keys/remote/remote-custodian.ts'
import { logRows } from '../../src/registry/custody/log-rows.ts'
import { openSqliteRegistry } from '../../src/registry/custody/sqlite.ts'
import { settableClock } from '../../tools/clock.ts'
import { custodianAtWork } from './custodian-at-work.ts'

/**
 * Every command of the custody plane that has a dry run, as the list of commands has them, against a custodian that
 * runs: nothing is changed by it, and it says what would be done.
 */
const HOUR = 3_600_000
const ROOMS = ['custodian', 'rotate', 'erase', 'escort']

type Target = Command<CommandContext> | RouteMap<CommandContext>

interface Trial {
  readonly args: readonly string[]
  /** What it says would be done. */
  readonly says: RegExp
  /** Where the act would be refused as things stand, with what its dry run ends. */
  readonly refused?: number
}

type AtWork = Awaited<ReturnType<typeof custodianAtWork>>
const folder = mkdtempSync(join(tmpdir(), 'treuhand-dry-runs-'))
let custodian: AtWork
let trials: Readonly<Record<string, Trial>>

beforeAll(async () => {
  const clock = await settableClock(folder)
  const backupKey = await generateHpkeKey()
  const backup = { folder: join(folder, 'backups'), recipient: backupKey.publicKey.toString('base64url') }
  mkdirSync(backup.folder)
  custodian = await custodianAtWork({ env: clock.env, config: { backup } })
  writeFileSync(custodian.at('backup.key'), backupKey.privateKey.toString('base64url'), { mode: 0o600 })
  const begun = Date.now()
  trials = await prepare(custodian, hours => {
    clock.set(hours * 3600)
    vi.useFakeTimers({ toFake: ['Date'], now: begun + hours * HOUR })
  })
})

afterAll(async () => {
  vi.useRealTimers()
  await custodian?.end()
  rmSync(folder, { recursive: true, force: true })
})

test('every command that has a dry run is tried', () => {
  expect(Object.keys(trials).sort()).toEqual([...commandsWithDryRun()].sort())
})

test.each([...commandsWithDryRun()])(
  'treuhand %s --dry-run says what it would do, and changes nothing',
  async name => {
    const { args, says, refused } = trials[name]!
    const before = everything(custodian)
    const { exit, said } = await treuhand([...name.split(' '), ...args, '--dry-run'])
    expect(everything(custodian)).toEqual(before)
    expect({ exit, said }).toEqual({ exit: refused ?? 0, said: expect.stringMatching(says) })
    if (refused === undefined) expect(said).toContain('Nothing was done.')
  },
)

/** Those of the rooms whose work a custodian does, by their paths. */
function* commandsWithDryRun(target: Target = app.root, path: readonly string[] = []): Generator<string> {
  if ('getAllEntries' in target) {
    for (const { name, target: next } of target.getAllEntries())
      yield* commandsWithDryRun(next, [...path, name.original])
  } else if (ROOMS.includes(path[0]!) && target.usesFlag('dryRun', 'original')) yield path.join(' ')
}

/** Digests of the rows of every table, the log's among them, and of every other file of everybody. */
function everything({ at }: AtWork): Readonly<Record<string, string>> {
  const hash = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const database = new DatabaseSync(at('data', 'custody.db'), { readOnly: true })
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
  const rows = tables.map(({ name }) => [
    `table ${name}`,
    hash(JSON.stringify(database.prepare(`select * from "${name}"`).all())),
  ])
  database.close()
  const files = [folder, at()]
    .flatMap(place => readdirSync(place, { recursive: true, withFileTypes: true }))
    .filter(one => one.isFile() && !one.name.startsWith('custody.db'))
    .map(one => join(one.parentPath, one.name))
  return Object.fromEntries([...rows, ...files.map(file => [file, hash(readFileSync(file))])])
}

/** Runs a command in this process: what is under test is what the custodian does at it. */
async function treuhand(args: readonly string[]): Promise<{ exit: number; said: string }> {
  let said = ''
  const hear = (text: string | Uint8Array) => {
    said += text
    return true
  }
  const spies = [process.stdout, process.stderr].map(stream =>
    vi.spyOn(stream, 'write').mockImplementation(hear),
  )
  const context = { process: { stdout: { write: hear }, stderr: { write: hear }, env: {} } }
  try {
    await run(app, args, context as CommandContext & { process: { exitCode?: number } })
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  const exit = Number((context.process as { exitCode?: number }).exitCode || process.exitCode || 0)
  process.exitCode = undefined
  return { exit, said }
}

/** Gives each command something to do. @param later lets so many hours go by, for the custodian and for us */
async function prepare(
  { at, people, officers, reach, approve, pass, admit, url, logKey }: AtWork,
  later: (hours: number) => void,
): Promise<Readonly<Record<string, Trial>>> {
  const { anna, ben, dora, emil } = people
  const write = (name: string, value: unknown) => {
    writeFileSync(at(name), typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 })
    return at(name)
  }
  const proposed = async (act: string, params: object) => {
    const document = await officers.propose(act, 'default', params, anna)
    return { document, id: proposalId(document) }
  }

  // A proxy with keys for two buckets, one of which is destroyed.
  const fingerprint = await admit(at('proxy'))
  const proxy = await RemoteCustodian.open([url], at('proxy'), () => {})
  const keyOf = async (bucket: string) =>
    Buffer.from((await proxy.lease({ tenant: 'default', bucket, key: 'current' })).keys[0]!.id).toString(
      'hex',
    )
  const [, old] = [await keyOf('photos'), await keyOf('old')]
  await proxy.close()
  const scope = { scope: 'operator', lifetime: 48 * HOUR, networks: [] }
  const token = write('token', (await officers.ask('token', scope, ben))['secret']!)

  const order = {
    authority: 'a court',
    legalBase: 'a law',
    reach: 'all',
    tenant: 'default',
    document: 'b'.repeat(64),
  }
  await officers.ask('order', { ...order, legalBar: 'another law' }, ben)

  // What waits for a day.
  const holders = [anna, ben].map(({ name, hpke }) => ({
    name,
    publicKey: hpke.publicKey.toString('base64url'),
  }))
  const plan = { needed: 1, parties: [{ name: 'trustee', needed: 2, holders }] }
  const recipient = await generateHpkeKey()
  const to = recipient.publicKey.toString('base64url')
  const waiting = [
    // First, as what was exported before is destroyed with it.
    await proposed('destroy-keys', { keys: [old] }),
    await proposed('export-keys', { recipient: to, buckets: ['photos'], epochs: ['*'] }),
    await proposed('deposit-keys', { recipient: to }),
    await proposed('change-seal', { seal: 'quorum', plan }),
  ]
  for (const one of waiting) {
    await approve(one)
    expect(await officers.approve(one.document, emil)).toMatchObject({ status: 200 })
  }
  later(25)
  for (const { id } of waiting)
    expect(await custodian.execute({ id })).toMatchObject({ json: { body: { state: 'done' } } })
  const [destroyed, exported] = waiting.map(({ id }) => id)

  // A KEK is renewed once an hour, and what destroyed keys did so too.
  later(27)
  const today = new Date().toISOString().slice(0, 10)

  const escort = escortId(
    await pass('escort', {
      ...{ grantee: 'staff 4711', recipient: to, escort: dora.ssh.fingerprint, bucket: 'photos' },
      ...{ prefixes: ['2026/'], actions: ['read'], networks: ['127.0.0.0/8'], minutes: 60 },
    }),
  )
  const open = await custodian.propose()
  const approved = await custodian.propose()
  await approve(approved)
  const { id: other } = await officers.ask('token', { scope: 'rotate', lifetime: HOUR, networks: [] }, ben)
  const made = await treuhand(['custodian', 'backup', ...reach, '--token-file', token, '--json'])
  const kept = (JSON.parse(made.said) as { file: string }).file
  const fetching = ['custodian', 'keys', 'fetch', ...reach, '--sign', at('ben')]
  expect(await treuhand([...fetching, exported!, at('export.json')])).toMatchObject({ exit: 0 })
  const registry = await openSqliteRegistry(at('data', 'custody.db'))
  await pullMirror(storedFiles(logRows(registry, 'trustee.example/at-work')), mirroredFiles(at('mirror')), {
    log: readVerifierKey(logKey()),
  })
  await registry.close()

  const share = (name: 'anna' | 'dora') => {
    return ['--key', at(`${name}.x25519`), at(`${name}.share`)]
  }
  for (const one of [anna, dora]) {
    write(`${one.name}.x25519`, one.hpke.privateKey.toString('base64url'))
    write(`${one.name}.share`, await officers.shareFile(one))
  }
  const recipientKey = write('recipient.key', recipient.privateKey.toString('base64url'))
  const sign = (name: string) => [...reach, '--sign', at(name)]
  const wish = (name: string) => [...sign(name), '--tenant', 'default', '--reason', 'a test']
  const params = (value: object) => ['--params', write(`params-${newNonce()}.json`, value)]
  const settings = { split: false, ttl: 60_000, perUse: [], fence: null }
  const offline = ['--config', at('custodian.json'), '--log', logKey()]

  return {
    'custodian holder-key': { args: [at('new')], says: /A new key would be written to / },
    'custodian ceremony': {
      args: [
        ...reach,
        write('plan.json', { plan: { origin: 'trustee.example/at-work', ...plan }, approvers: {} }),
        at('shares'),
      ],
      says: /This custodian has a root/,
      refused: 7,
    },
    'custodian agree': { args: sign('ben'), says: /Nothing waits to be agreed to here/, refused: 7 },
    'custodian deal': {
      args: [...sign('ben'), at('shares')],
      says: /The shares of the new root under quorum would be dealt/,
    },
    'custodian unseal': { args: sign('ben'), says: /It is unsealed/ },
    'custodian share prove': {
      args: [...reach, ...share('anna')],
      says: /The share of anna of trustee is good\. No ceremony waits/,
    },
    'custodian share unseal': {
      args: [...reach, ...share('dora')],
      says: /The share of dora of customer is good\. It would be taken.*trustee: 0 of 2, customer: 1 of 1/,
    },
    'custodian share reset': {
      args: [...reach, ...share('anna')],
      says: /none was gathered, would be forgotten/,
    },
    'custodian propose': {
      args: [...wish('anna'), ...params(settings), 'loosen'],
      says: /loosen of default would be proposed\. It takes 2 officers and 1 delegate\./,
    },
    'custodian approve': {
      args: [...sign('ben'), open.id],
      says: /ben would approve loosen of default\. It would still take 1 officer and 1 delegate\./,
    },
    'custodian reject': {
      args: [...sign('ben'), open.id],
      says: /ben would reject loosen of default\. Nobody could carry it out any more: it would be rejected\./,
    },
    'custodian veto': { args: [...sign('dora'), open.id], says: /dora would veto .* it would be vetoed\./ },
    'custodian execute': {
      args: [...sign('ben'), approved.id],
      says: /loosen of default would be carried out, as ben, cem, dora decided/,
    },
    'custodian erasure': { args: [...sign('ben'), destroyed!], says: /[Bb]ackups/, refused: 5 },
    'custodian keys recipient': { args: [at('new')], says: /A new key would be written to / },
    'custodian keys fetch': {
      args: [...sign('ben'), exported!, at('new')],
      says: /group keys of default, sealed, would be written to /,
    },
    'custodian keys deposit': {
      args: [...sign('ben'), 'default', at('new')],
      says: /The keys of default that are sealed to .* would be handed out/,
    },
    'custodian keys open': {
      args: ['--key', recipientKey, '--log', logKey(), at('export.json'), at('new')],
      says: /group keys of default open; they would be written to /,
    },
    'custodian seal': {
      args: wish('ben'),
      says: /seal of default would be done at the word of ben\. Nobody else need approve\./,
    },
    'custodian kill': { args: wish('dora'), says: /kill of default would be done at the word of dora/ },
    'custodian revoke': {
      args: [...wish('ben'), ...params({ proxy: fingerprint })],
      says: /revoke of default would be done/,
    },
    'custodian tighten': {
      args: [...wish('ben'), ...params(settings)],
      says: /tighten of default would be done/,
    },
    'custodian suspend': {
      args: [...wish('ben'), ...params({ keys: ['*'] })],
      says: /suspend of default would be done/,
    },
    'custodian ticket': {
      args: [...sign('ben'), '--buckets', '*', 'default'],
      says: /A ticket would admit one proxy of default/,
    },
    'custodian order': {
      args: [...sign('ben'), write('order.json', { ...order, document: 'c'.repeat(64), legalBar: '' })],
      says: /would be registered; the customer is told/,
    },
    'custodian lift-bar': {
      args: [...sign('ben'), order.document],
      says: /The log would tell the customer of the order of a court/,
    },
    'custodian transparency': {
      args: [...sign('ben'), '--from', '2026-01-01', '--to', today],
      says: /A report that counts 1 order received and 0 answered/,
    },
    'custodian token': {
      args: [...sign('ben'), 'auditor'],
      says: /A token of scope auditor would count until/,
    },
    'custodian revoke-token': { args: [...sign('ben'), other!], says: /of scope rotate would count no more/ },
    'custodian backup': {
      args: [...reach, '--token-file', token],
      says: /A backup of the registry with the log's \d+ entries would be written/,
    },
    'custodian restore': { args: [...offline, '--key', at('backup.key'), kept], says: /The backup is whole/ },
    'custodian replay': { args: [...offline, at('mirror')], says: /The mirror is whole, with \d+ entries/ },
    'rotate kek': {
      args: [...reach, '--token-file', token, 'default'],
      says: /A new KEK would wrap \d group keys of default/,
    },
    'rotate root': {
      args: [...sign('anna'), '--reason', 'a test', write('next.json', plan)],
      says: /change-seal of \* would be proposed\. It takes 2 officers and 1 delegate, then 24 h of waiting/,
    },
    erase: {
      args: [...reach, '--token-file', token, '--reason', 'a test', '--keys', '*', 'default'],
      says: /destroy-keys of default would be proposed\. It takes 2 officers and 2 delegates/,
    },
    'escort key': { args: [at('new')], says: /A new key would be written to / },
    'escort propose': {
      args: [
        ...wish('anna'),
        ...[
          '--grantee',
          'staff 1',
          '--recipient',
          to,
          '--escort',
          dora.ssh.fingerprint,
          '--bucket',
          'photos',
        ],
        ...['--prefixes', 'a/', '--actions', 'read', '--networks', '127.0.0.0/8', '--minutes', '5'],
      ],
      says: /escort of default would be proposed\. It takes 2 officers and 1 delegate\./,
    },
    'escort fetch': {
      args: [...reach, '--key', recipientKey, escort, at('new')],
      says: /would become profile escort in /,
    },
    'escort end': { args: [...sign('ben'), escort], says: /would end at once/ },
  }
}
