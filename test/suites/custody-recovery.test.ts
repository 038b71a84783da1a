import { execFile, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readSshKey, sshFingerprint } from '../../src/custody/approvals/ssh-key.ts'
import { freePort } from '../../tools/server.ts'
import { temporaryFolder } from '../custody/folder.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')
const ORIGIN = 'custodian.test/recovery'
const run = promisify(execFile)

async function treuhand(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number>(resolve => child.on('close', code => resolve(code ?? 1)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { exit: await ended, out, err }
}

/** A PKCS #12 file with an RSA key, as a customer's own tools make it. */
async function p12(folder: string): Promise<void> {
  const pem = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/crt.pem`]
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=custodian', ...pem])
  const files = ['-inkey', `${folder}/key.pem`, '-in', `${folder}/crt.pem`, '-out', `${folder}/seal.p12`]
  writeFileSync(`${folder}/passphrase`, 'our passphrase\n', { mode: 0o600 })
  await run('openssl', ['pkcs12', '-export', ...files, '-passout', `file:${folder}/passphrase`])
}

test('a custodian under a PKCS #12 file: agreed to, backed up, lost, restored and unsealed by commands alone', async () => {
  const folder = temporaryFolder()
  const at = (...path: string[]) => join(folder, ...path)
  await p12(folder)
  const people = { anna: 'officer', ben: 'officer', cem: 'officer', dora: 'delegate' }
  for (const name of Object.keys(people))
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)])
  const { out: key } = await treuhand('custodian', 'holder-key', '--json', at('backup.key'))
  const port = await freePort()
  const configure = (data: string) => {
    const config = {
      origin: ORIGIN,
      data,
      names: ['localhost'],
      proxies: { host: '127.0.0.1', port: 0 },
      officers: { host: '127.0.0.1', port },
      registry: { kind: 'sqlite' },
      seal: { kind: 'p12', file: 'seal.p12', passphraseFile: 'passphrase' },
      backup: { folder: 'backups', recipient: JSON.parse(key).publicKey },
    }
    writeFileSync(at('custodian.json'), JSON.stringify(config))
  }
  const serve = () => {
    const args = [MAIN, 'custodian', 'serve', '--config', at('custodian.json')]
    const child = spawn(process.execPath, args, { stdio: 'ignore' })
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const reach = (data: string, file: string) => [
    '--custodian',
    `https://localhost:${port}`,
    '--authority',
    at(data, file),
  ]
  const status = async (data: string, file: string) => {
    const { out } = await treuhand('custodian', 'status', '--json', ...reach(data, file))
    return JSON.parse(out) as Record<string, unknown>
  }

  configure('first')
  const first = serve()
  const before = reach('first', 'tls.crt')
  await vi.waitFor(
    async () => expect(await status('first', 'tls.crt')).toMatchObject({ state: 'uninitialised' }),
    {
      timeout: 60_000,
      interval: 500,
    },
  )
  const approvers = Object.fromEntries(
    Object.entries(people).map(([person, role]) => {
      const line = readFileSync(at(`${person}.pub`), 'utf8').trim()
      const approver = {
        role,
        party: role === 'officer' ? 'trustee' : 'customer',
        person,
        key: { kind: 'ssh', line },
      }
      return [sshFingerprint(readSshKey(line)), approver]
    }),
  )
  writeFileSync(at('plan.json'), JSON.stringify({ seal: 'p12', origin: ORIGIN, approvers }))
  expect(await treuhand('custodian', 'ceremony', ...before, at('plan.json'))).toMatchObject({ exit: 0 })
  for (const person of Object.keys(people)) {
    const agreed = await treuhand('custodian', 'agree', ...before, '--sign', at(person))
    expect(agreed).toMatchObject({ exit: 0, err: expect.stringContaining('UNATTENDED') })
  }
  expect(await status('first', 'authority.crt')).toMatchObject({
    state: 'unsealed',
    seal: { kind: 'p12', unattended: true, development: false },
  })
  const known = reach('first', 'authority.crt')
  expect(await treuhand('custodian', 'backup', ...known, '--sign', at('anna'))).toMatchObject({ exit: 0 })
  const proposed = await treuhand('rotate', 'root', ...known, '--sign', at('anna'), '--reason', 'a test')
  expect(proposed).toMatchObject({ exit: 5, err: expect.stringContaining('change-seal') })

  // The host is lost, and with it the registry.
  first.kill('SIGKILL')
  const [backup] = readdirSync(at('backups')).filter(name => name.endsWith('.backup'))
  const file = at('backups', backup!)
  configure('second')
  const log = logKey(at('first', 'custody.db'))
  const restore = (...more: string[]) =>
    treuhand(
      'custodian',
      'restore',
      '--config',
      at('custodian.json'),
      '--log',
      log,
      '--key',
      at('backup.key'),
      ...more,
    )
  expect(await restore('--dry-run', file)).toMatchObject({ exit: 0 })
  expect(await restore(file)).toMatchObject({ exit: 0 })
  expect(await restore(file)).toMatchObject({ exit: 7 })
  for (const name of ['tls.key', 'tls.crt', 'authority.crt']) {
    mkdirSync(at('second'), { recursive: true })
    writeFileSync(at('second', name), readFileSync(at('first', name)), { mode: 0o600 })
  }
  serve()
  await vi.waitFor(
    async () => expect(await status('second', 'authority.crt')).toMatchObject({ state: 'restored' }),
    { timeout: 60_000, interval: 500 },
  )
  const again = reach('second', 'authority.crt')
  expect(await treuhand('custodian', 'unseal', ...again, '--sign', at('ben'))).toMatchObject({ exit: 0 })
  expect(await status('second', 'authority.crt')).toMatchObject({ state: 'unsealed' })
})

/** The log's verifier key, as the customer has it from the genesis document. */
function logKey(registry: string): string {
  const database = new DatabaseSync(registry, { readOnly: true })
  const { leaf } = database.prepare('select leaf from log_leaves where number = 0').get() as {
    leaf: Uint8Array
  }
  database.close()
  const { body } = JSON.parse(Buffer.from(leaf).toString('utf8'))
  return (JSON.parse(body.document) as { log: string }).log
}
