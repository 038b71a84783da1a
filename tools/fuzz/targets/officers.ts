import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { DEFAULT_POLICY } from '../../../src/custody/approvals/policy.ts'
import { Custody } from '../../../src/custody/custody.ts'
import { Escorts } from '../../../src/custody/escorts/escorts.ts'
import { Governance } from '../../../src/custody/governance.ts'
import { Leases } from '../../../src/custody/leases.ts'
import { fileRoot } from '../../../src/custody/roots/file.ts'
import { SealOffers } from '../../../src/custody/seals/offers.ts'
import { SealDesk } from '../../../src/custody/seals/seal-desk.ts'
import { UnattendedSeal } from '../../../src/custody/seals/unattended-seal.ts'
import { type App, custodyApp } from '../../../src/custody/server/app.ts'
import { escortRoutes } from '../../../src/custody/server/escorts.ts'
import { openServerIdentity } from '../../../src/custody/server/identity.ts'
import { officerRoutes } from '../../../src/custody/server/officers.ts'
import { passkeyRoutes } from '../../../src/custody/server/passkeys.ts'
import { sealRoutes } from '../../../src/custody/server/seals.ts'
import { makeToken } from '../../../src/custody/tokens.ts'
import { unseal } from '../../../src/custody/unseal.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { SshSigner } from '../../../test/custody/approvals/ssh-signer.ts'
import { holds, type Target } from '../target.ts'

/**
 * What anybody may send to the officers' listener of an unsealed custodian, some of it with an operator's token:
 * `METHOD /path`, lines of fields, an empty line, a body. Each is answered by JSON of its own kind, never by a fault.
 */
export async function open(): Promise<Target> {
  const { app, custody, token, officer, close } = await openGround()
  const { stops } = custody
  return {
    seeds: seeds(),
    words: [...WORDS, TOKEN, OFFICER],
    longest: 70_000,
    async run(input) {
      const text = input.toString('latin1').replaceAll(TOKEN, token).replaceAll(OFFICER, officer)
      const request = readRequest(text)
      if (request === undefined) return
      const { statusCode, headers, body } = await app.inject(request)
      holds(statusCode >= 200 && statusCode < 500, `status ${statusCode}: ${body}`)
      holds(
        custody.state === 'unsealed' && custody.stops.length === stops.length,
        'nobody signed, and it stops',
      )
      if (request.method === 'HEAD' || headers['content-type'] === 'application/octet-stream') return
      const answer = JSON.parse(body)
      if (statusCode >= 400)
        holds(
          typeof answer.code === 'string' && typeof answer.message === 'string',
          'a refusal without its words',
        )
    },
    close,
  }
}

const NOW = Date.UTC(2026, 10, 24)
const RELYING_PARTY = { id: 'trustee.example', origin: 'https://trustee.example' }

async function openGround() {
  const folder = await mkdtemp(join(tmpdir(), 'treuhand-fuzz-officers-'))
  const registry = await openSqliteRegistry(join(folder, 'custody.db'))
  await registry.activate()
  const people = [new SshSigner(), new SshSigner(), new SshSigner()]
  const approvers = Object.fromEntries(
    people.map(({ fingerprint, line }, at) => {
      const person = `person ${at}`
      return [
        fingerprint,
        { role: 'officer' as const, party: 'trustee', person, key: { kind: 'ssh' as const, line } },
      ]
    }),
  )
  const now = () => NOW
  const custody = await Custody.open({
    origin: 'trustee.example/log',
    onAlarm: () => {},
    registry,
    now,
    console: RELYING_PARTY,
  })
  const provider = fileRoot(join(folder, 'root.key'))
  const root = await unseal(registry, provider, NOW)
  const founding = { approvers, policy: DEFAULT_POLICY, seal: 'file', quorum: null, witness: null }
  await custody.unseal(root, 'file', founding)

  const seals = new SealOffers([{ kind: 'quorum' }, { kind: 'file', root: provider }])
  const identity = await openServerIdentity(folder, ['trustee.example'], NOW)
  const app: App = await custodyApp(identity, 'officers', pino({ level: 'silent' }))
  passkeyRoutes(app, custody, RELYING_PARTY)
  sealRoutes(app, custody, new SealDesk(custody, seals), new UnattendedSeal(custody, seals))
  officerRoutes(app, custody, new Governance(custody, { quorum: async () => 2, seals }))
  const leases = new Leases(custody, [() => undefined, () => undefined])
  escortRoutes(app, custody, new Escorts(custody, leases, () => {}))
  await app.ready()
  const officer = people[0]!.fingerprint
  const { secret: token } = await makeToken(custody, 'operator', 3_600_000, ['127.0.0.0/8'], officer)
  return {
    app,
    custody,
    token,
    officer,
    async close() {
      await app.close()
      custody.close()
      await registry.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** What Node's parser would hand on of it; undefined where it would refuse the head itself. */
function readRequest(input: string) {
  const end = input.indexOf('\n\n')
  const [line = '', ...fields] = input.slice(0, end < 0 ? input.length : end).split('\n')
  const [, name, url] = /^([A-Z]+) (\/[\x21-\x7e]*)$/.exec(line) ?? []
  const method = METHODS.find(method => method === name)
  if (method === undefined || url === undefined || !URL.canParse(url, 'http://localhost')) return undefined
  const headers: Record<string, string> = {}
  for (const field of fields) {
    const [, key, value] = /^([a-z-]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(field) ?? []
    if (key === undefined || value === undefined) return undefined
    headers[key] = value
  }
  return { method, url, headers, ...(end >= 0 && { payload: Buffer.from(input.slice(end + 2), 'latin1') }) }
}

const ID = 'ab'.repeat(32)
const SIGNATURE = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n'

/** Stand in inputs for what each run makes anew. */
const TOKEN = 'TOKEN'
const OFFICER = 'OFFICER'
const ESCORT = `TH0${'A'.repeat(17)}`

function seeds(): string[] {
  const post = (path: string, body: unknown, ...fields: string[]) =>
    [`POST ${path}`, 'content-type: application/json', ...fields, '', JSON.stringify(body)].join('\n')
  const get = (path: string, ...fields: string[]) => [`GET ${path}`, ...fields, '', ''].join('\n')
  const bearer = `authorization: Bearer ${TOKEN}`
  const params = { tenant: 'acme' }
  const wish = { act: 'revoke', tenant: 'acme', params, reason: 'because', proposer: OFFICER }
  const document = JSON.stringify({ ...wish, origin: 'trustee.example/log', created: NOW, expires: NOW + 1 })
  const text = `treuhand/approval/v1\ntrustee.example/log\napprove\n${ID}\n${OFFICER}\n${NOW}\n${'A'.repeat(22)}\n`
  const signed = { document, signature: SIGNATURE }
  const part = (text: string) => Buffer.from(text).toString('base64url')
  const look = `authorization: Signed ${part(document)}.${part(SIGNATURE)}`
  return [
    get('/v1/status'),
    get('/v1/openapi.json'),
    get('/v1/desk'),
    get('/v1/agreement'),
    get('/v1/passkeys'),
    get('/v1/proposals', bearer),
    get(`/v1/proposals/${ID}`, look),
    get(`/v1/enrolments/${ID}`, bearer),
    get('/v1/epochs/acme', bearer),
    get('/v1/log/checkpoint', bearer),
    get('/v1/log/tile/0/x000/000.p/1', bearer),
    get('/v1/escorts', bearer),
    get(`/v1/escorts/${ESCORT}/key`),
    post(`/v1/escorts/${ESCORT}/watch`, signed),
    post(`/v1/escorts/${ESCORT}/screen`, { after: 0, shown: [] }, bearer),
    post(`/v1/escorts/${ESCORT}/end`, {}, bearer),
    post('/v1/drafts', wish, 'idempotency-key: 0123456789abcdef'),
    post('/v1/drafts', { ...wish, act: 'change-policy', params: { policy: {} } }),
    post('/v1/drafts', { ...wish, act: 'export-keys', params: { keys: [], recipient: 'x' } }),
    post('/v1/drafts', { ...wish, act: 'erase', params: { bucket: 'photos' } }),
    post('/v1/proposals', { document }, bearer, 'idempotency-key: 0123456789abcdef'),
    post('/v1/proposals', signed),
    post('/v1/decisions', { text, signature: SIGNATURE }),
    post('/v1/close', { ...signed, text }),
    post('/v1/alone', { ...signed, text }),
    post('/v1/requests', { ...signed, document: JSON.stringify({ act: 'token', params, by: OFFICER }) }),
    post(`/v1/proposals/${ID}/execute`, {}, look),
    post('/v1/rotations/kek', { tenant: 'acme' }, bearer),
    post('/v1/rotations/epoch', { tenant: 'acme', bucket: 'photos' }, bearer),
    post('/v1/ceremony', { origin: 'x', approvers: {}, quorum: { parties: [] } }),
    post('/v1/agreement', {}),
    post('/v1/agreement/signatures', { signature: SIGNATURE }),
    post('/v1/shares', { share: 'abandon ability able' }),
    post('/v1/deals', {}),
    post('/v1/unseal', {}),
    post('/v1/passkeys/options', { person: 'anna' }),
    post('/v1/passkeys', { response: {} }),
  ]
}

const WORDS = [
  ...[
    'GET',
    'POST',
    'HEAD',
    '/v1/',
    'content-type: ',
    'application/json',
    'text/plain',
    'authorization: Bearer ',
  ],
  ...['idempotency-key: ', 'if-match: ', '"__proto__"', '"constructor"', 'null', '[]', '{}', '""', '1e999'],
  ...[
    '"act"',
    '"tenant"',
    '"params"',
    '"reason"',
    '"proposer"',
    '"document"',
    '"signature"',
    '"text"',
    '"share"',
  ],
  ...[
    '"grant"',
    '"revoke"',
    '"kill"',
    '"rotate-kek"',
    '"rotate-root"',
    '"change-thresholds"',
    '"enrol"',
    '"resume"',
  ],
  ...['..', '%2e%2e', '%00', '\\u0000', '\\ud800', '?', '#', 'checkpoint', 'tile/entries/000'],
]
