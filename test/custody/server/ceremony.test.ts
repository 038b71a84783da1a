import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { proposalId } from '../../../src/custody/approvals/document.ts'
import { canonical, type Json } from '../../../src/custody/canonical.ts'
import { generateHpkeKey, type HpkeKeyPair } from '../../../src/custody/hpke.ts'
import { openShare, type Purpose, submitShare } from '../../../src/custody/quorum/submission.ts'
import { type RunningCustodian, serveCustodian } from '../../../src/custody/server/serve.ts'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { openSqliteRegistry } from '../../../src/registry/custody/sqlite.ts'
import { Officers } from '../../../tools/demo/people.ts'
import { SshSigner } from '../approvals/ssh-signer.ts'
import { temporaryFolder } from '../folder.ts'
import { call } from './officers-client.ts'

const ORIGIN = 'custodian.test/treuhand'
const HOUR = 3_600_000

/** A person: an SSH key to decide with, and a key that a share is sealed to. */
interface Person {
  readonly name: string
  readonly party: 'trustee' | 'customer'
  readonly ssh: SshSigner
  readonly hpke: HpkeKeyPair
}

async function person(name: string, party: Person['party']): Promise<Person> {
  return { name, party, ssh: new SshSigner(), hpke: await generateHpkeKey() }
}

async function start(folder: string): Promise<RunningCustodian> {
  const registry = await openSqliteRegistry(`${folder}/custody.db`)
  await registry.activate()
  const loopback = { host: '127.0.0.1', port: 0 }
  const custodian = await serveCustodian({
    registry,
    folder,
    names: ['localhost'],
    origin: ORIGIN,
    proxies: loopback,
    officers: loopback,
    logger: pino({ level: 'silent' }),
  })
  onTestFinished(() => custodian.close())
  return custodian
}

test('a ceremony of two parties, tenant and proxy by four eyes, the kill switch, and back again', async () => {
  const folder = temporaryFolder()
  const custodian = await start(folder)
  const port = custodian.officers.port
  const [anna, ben, cem] = [
    await person('anna', 'trustee'),
    await person('ben', 'trustee'),
    await person('cem', 'trustee'),
  ]
  const [dora, emil] = [await person('dora', 'customer'), await person('emil', 'customer')]
  const people = [anna, ben, cem, dora, emil]
  expect((await call(port, 'GET', '/v1/status')).json).toMatchObject({
    state: 'uninitialised',
    origin: ORIGIN,
  })

  // The ceremony: 2 of 3 officers and 1 of 2 delegates.
  const holders = (party: Person['party']) =>
    people
      .filter(one => one.party === party)
      .map(({ name, hpke }) => ({ name, publicKey: hpke.publicKey.toString('base64url') }))
  const plan = {
    origin: ORIGIN,
    needed: 2,
    parties: [
      { name: 'trustee', needed: 2, holders: holders('trustee') },
      { name: 'customer', needed: 1, holders: holders('customer') },
    ],
  }
  const approvers = Object.fromEntries(
    people.map(({ name, party, ssh }) => {
      const role = party === 'trustee' ? 'officer' : 'delegate'
      return [ssh.fingerprint, { role, party, person: name, key: { kind: 'ssh', line: ssh.line } }]
    }),
  )
  const { dealt } = (await call(port, 'POST', '/v1/ceremony', { plan, approvers })).json as unknown as {
    dealt: { holder: string; sealed: string }[]
  }
  const desk = async () => (await call(port, 'GET', '/v1/desk')).json as Record<string, string>
  const share = async (purpose: Purpose, { name, party, hpke }: Person) => {
    const { origin, set, publicKey } = await desk()
    const sealed = Buffer.from(dealt.find(({ holder }) => holder === name)!.sealed, 'base64url')
    const envelope = await openShare(sealed, hpke.privateKey, {
      origin: origin!,
      set: set!,
      party,
      holder: name,
    })
    const at = { origin: origin!, set: set!, publicKey: Buffer.from(publicKey!, 'base64url') }
    const submission = (await submitShare(envelope, purpose, at)).toString('base64url')
    return await call(port, 'POST', '/v1/shares', { purpose, submission })
  }
  for (const one of people.slice(0, 4)) expect((await share('prove', one)).status).toBe(200)
  expect((await share('unseal', anna)).json).toMatchObject({ code: 'Refused' })
  expect((await share('prove', emil)).json).toMatchObject({ missing: [] })
  expect((await share('unseal', anna)).json).toMatchObject({ unsealed: false })
  expect((await share('unseal', dora)).json).toMatchObject({ unsealed: false })
  expect((await share('unseal', cem)).json).toMatchObject({ unsealed: true })
  expect((await call(port, 'GET', '/v1/status')).json).toMatchObject({ state: 'unsealed' })
  expect((await call(port, 'POST', '/v1/ceremony', { plan, approvers })).json).toMatchObject({
    code: 'Conflict',
  })

  // A proposal: drafted, read and signed by its proposer, approved by the others, carried out.
  const propose = async (act: string, tenant: string, params: object, by = anna) => {
    const wish = { act, tenant, params, reason: 'a test', proposer: by.ssh.fingerprint }
    const { document } = (await call(port, 'POST', '/v1/drafts', wish)).json as { document: string }
    return {
      document,
      answer: await call(port, 'POST', '/v1/proposals', { document, signature: by.ssh.sign(document) }),
    }
  }
  const approve = async (document: string, by: Person) => {
    const [text, signature] = by.ssh.decide(proposalId(document), {
      origin: ORIGIN,
      expires: Date.now() + HOUR,
    })
    return await call(port, 'POST', '/v1/decisions', { text, signature })
  }
  const pass = async (act: string, tenant: string, params: object) => {
    const { document, answer } = await propose(act, tenant, params)
    expect(answer.status).toBe(202)
    expect((await approve(document, anna)).json).toMatchObject({ code: 'Refused' })
    for (const one of [ben, cem, dora]) expect((await approve(document, one)).status).toBe(200)
    const done = await new Officers(port, ORIGIN).execute(proposalId(document), anna)
    expect(done.json).toMatchObject({ body: { state: 'done' } })
  }
  await pass('loosen', 'acme', { split: false, ttl: 900_000, perUse: [], fence: null })

  // A proxy: a ticket at one officer's word, its request, the proposal that admits it.
  const ask = async (act: string, params: Json, by = ben) => {
    const nonce = crypto.randomUUID()
    const request = {
      label: 'treuhand/request/v1',
      origin: ORIGIN,
      act,
      params,
      by: by.ssh.fingerprint,
      at: Date.now(),
      nonce,
    }
    const document = canonical(request)
    const body = { document, signature: by.ssh.sign(document) }
    const answer = await call(port, 'POST', '/v1/requests', body)
    expect((await call(port, 'POST', '/v1/requests', body)).json).toMatchObject({ code: 'Conflict' })
    return answer.json as Record<string, string>
  }
  const { secret, authority } = await ask('enrolment-ticket', { tenant: 'acme', buckets: ['photos'] })
  const url = `https://localhost:${custodian.proxies.port}`
  const pending = await enrol(url, { secret: secret!, authority: authority! })
  onTestFinished(() => pending.close())
  const { fingerprint, key, buckets } = pending.request
  await pass('enrol-proxy', 'acme', { proxy: fingerprint, key, buckets: [...buckets] })
  const credentials = temporaryFolder()
  expect(await pending.finish(credentials)).toBe(true)
  const proxy = await RemoteCustodian.open([url], credentials)
  onTestFinished(() => proxy.close())
  const photos = { tenant: 'acme', bucket: 'photos', key: 'current' } as const
  const before = await proxy.lease(photos)

  // A token that may rotate may do nothing else, and that once an hour.
  const rotate = (await ask('token', { scope: 'rotate', lifetime: HOUR, networks: [] }))['secret']
  const rotation = await call(port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, rotate)
  expect(rotation.json).toEqual({ version: 2, rewrapped: 1, destroyed: [1] })
  expect((await call(port, 'POST', '/v1/rotations/kek', { tenant: 'acme' }, rotate)).status).toBe(429)
  expect((await call(port, 'GET', '/v1/proposals', undefined, rotate)).status).toBe(403)
  expect((await call(port, 'POST', '/v1/rotations/kek', { tenant: 'acme' })).status).toBe(403)
  const { epochs } = (await call(port, 'GET', '/v1/epochs/acme', undefined, rotate)).json as {
    epochs: object[]
  }
  expect(epochs).toMatchObject([{ bucket: 'photos', state: 'active', kek: 2 }])
  expect((await proxy.lease(photos)).keys).toEqual(before.keys)

  // The kill switch at one delegate's word; undone by shares and a proposal.
  const { document: kill } = (
    await call(port, 'POST', '/v1/drafts', {
      act: 'kill',
      tenant: '*',
      params: {},
      reason: 'a drill',
      proposer: emil.ssh.fingerprint,
    })
  ).json as { document: string }
  const [text, signature] = emil.ssh.decide(proposalId(kill), { origin: ORIGIN, expires: Date.now() + HOUR })
  expect((await call(port, 'POST', '/v1/close', { document: kill, text, signature })).json).toMatchObject({
    state: 'killed',
  })
  await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'killed' })
  for (const one of [anna, ben, emil]) await share('unseal', one)
  expect((await call(port, 'GET', '/v1/status')).json).toMatchObject({ state: 'killed' })
  await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'killed' })
  await pass('lift-kill', '*', {})
  expect((await call(port, 'GET', '/v1/status')).json).toMatchObject({ state: 'unsealed' })
  expect((await proxy.lease(photos)).keys).toEqual(before.keys)
}, 60_000)
