import { describe, expect, test, vi } from 'vitest'
import { fingerprintOf } from '../../../src/custody/approvals/approver.ts'
import { newNonce } from '../../../src/custody/approvals/document.ts'
import { canonical } from '../../../src/custody/canonical.ts'
import { escortId, escortKeyContext } from '../../../src/custody/escorts/key.ts'
import type { EscortRecord } from '../../../src/custody/escorts/record.ts'
import { generateHpkeKey, openWith } from '../../../src/custody/hpke.ts'
import { readEntry } from '../../../src/custody/log/entry.ts'
import { signingKey } from '../../../src/front/s3/auth/signature.ts'
import type { RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { sitDown } from '../../../tools/demo/screen.ts'
import { SshSigner } from '../approvals/ssh-signer.ts'
import { addTenant, enrolProxy, startCustodian, type TestCustodian } from './custodian.ts'
import { call } from './officers-client.ts'

const MINUTE = 60_000
/** On whatever machine. */
const SOON = { timeout: MINUTE, interval: 20 }
const id = escortId('a proposal')
const asked = {
  escort: id,
  operation: 'GetObject',
  action: 'read',
  bucket: 'photos',
  key: '2026/ä.jpg',
  address: '192.0.2.1',
}
const today = () => new Date().toISOString().slice(0, 10).replaceAll('-', '')

async function begin(more: Partial<EscortRecord> = {}) {
  const custodian = await startCustodian()
  await addTenant(custodian, 'acme')
  const proxy = await enrolProxy(custodian, 'acme', ['photos'])
  const [dora, ben] = [await admit(custodian, 'dora'), await admit(custodian, 'ben')]
  const recipient = await generateHpkeKey()
  const body: EscortRecord = {
    tenant: 'acme',
    bucket: 'photos',
    prefixes: ['2026/'],
    actions: ['read'],
    networks: ['192.0.2.0/24'],
    until: Date.now() + 60 * MINUTE,
    reason: 'ticket 7',
    grantee: 'staff 4711',
    recipient: recipient.publicKey.toString('base64url'),
    escort: dora.fingerprint,
    proposal: 'a proposal',
    state: 'open',
    ended: null,
    ...more,
  }
  const { custody } = custodian
  await custody.keep('escort', id, undefined, body, { type: 'policy', at: custody.now(), body: {} })
  await vi.waitUntil(() => heard(proxy), SOON)
  return { custodian, proxy, dora, ben, recipient }
}

/** Whether the proxy would hear of an end by now. */
async function heard({ escorts }: RemoteCustodian): Promise<boolean> {
  return await escorts.admit(asked).then(
    () => true,
    ({ reason }) => reason === 'refused',
  )
}

async function admit({ custody }: TestCustodian, person: string): Promise<SshSigner> {
  const signer = new SshSigner()
  const body = {
    role: person === 'dora' ? ('delegate' as const) : ('officer' as const),
    party: person === 'dora' ? 'customer' : 'trustee',
    person,
    key: { kind: 'ssh' as const, line: signer.line },
    state: 'active' as const,
  }
  expect(fingerprintOf(body.key)).toBe(signer.fingerprint)
  const entry = { type: 'policy', at: custody.now(), body: {} } as const
  await custody.keep('officer', signer.fingerprint, undefined, body, entry)
  return signer
}

function signed({ custody }: TestCustodian, by: SshSigner, act: string, more: { dryRun?: true } = {}) {
  const about = { ...more, label: 'treuhand/request/v1', origin: custody.origin, act, by: by.fingerprint }
  const document = canonical({ ...about, params: { escort: id }, at: Date.now(), nonce: newNonce() })
  return { document, signature: by.sign(document) }
}

/** Sits down; the escort counts as being there from then on. */
async function sit(custodian: TestCustodian, by: SshSigner) {
  const word = signed(custodian, by, 'watch-escort')
  return await sitDown(custodian.officers.port, id, word)
}

async function entries({ custody }: TestCustodian) {
  const leaves = await custody.logStore.leaves(0, custody.opened().log.head.size)
  return leaves.map(readEntry).filter(({ type }) => type === 'escort')
}

const end = async (custodian: TestCustodian, by: SshSigner) =>
  await call(custodian.officers.port, 'POST', `/v1/escorts/${id}/end`, signed(custodian, by, 'end-escort'))

describe('an escorted access', () => {
  test('lets a request through when it is in the log and on the screen, and shows how it was answered', async () => {
    const { custodian, proxy, dora } = await begin()
    const { lines, watches } = await sit(custodian, dora)
    expect(watches).toBe(true)
    const request = await vi.waitFor(() => proxy.escorts.admit(asked), SOON)
    await proxy.escorts.answered({ escort: id, request, status: 200, received: 0, sent: 12 })
    await vi.waitUntil(() => lines.some(({ kind }) => kind === 'answered'), SOON)
    expect(lines.find(one => one.id === request)).toMatchObject({ kind: 'request', key: '2026/ä.jpg' })

    const [, ...log] = (await entries(custodian)).filter(
      ({ body }) => body['request'] === request || body['step'] === 'screen',
    )
    expect(log).toMatchObject([
      {
        body: { step: 'request', escort: id, operation: 'GetObject', proxy: proxy.fingerprint },
        hidden: { object: expect.any(String), address: expect.any(String) },
      },
      { body: { step: 'answered', status: 200, received: 0, sent: 12 } },
    ])
    const text = JSON.stringify(await entries(custodian))
    for (const told of ['ä.jpg', '192.0.2.1', '4711']) expect(text).not.toContain(told)
  })

  test('is ended by any officer or delegate: what waits is refused, its proxies hear of it, the log has it', async () => {
    const { custodian, proxy, dora, ben } = await begin()
    const { lines } = await sit(custodian, dora)
    await vi.waitFor(() => proxy.escorts.admit(asked), SOON)
    const heard: unknown[] = []
    proxy.escorts.onEnded(ids => heard.push(ids))
    expect(await end(custodian, ben)).toMatchObject({ status: 200, json: { ended: true } })
    await vi.waitUntil(() => heard.length > 0, SOON)
    expect(heard).toEqual([[id]])
    const over = { reason: 'refused', message: expect.stringMatching(/An officer or delegate ended/) }
    await expect(proxy.escorts.admit(asked)).rejects.toMatchObject(over)
    await expect(proxy.escorts.find(id, today(), 'eu-central-1')).rejects.toMatchObject(over)
    await vi.waitUntil(() => lines.some(({ kind }) => kind === 'ended'), SOON)
    expect((await entries(custodian)).at(-1)!.body).toMatchObject({
      step: 'ended',
      why: 'ended',
      by: ben.fingerprint,
      unanswered: 1,
    })
    expect((await custodian.custody.opened().records.find('escort', id))!.body).toMatchObject({
      state: 'ended',
    })
  })

  test('is ended by a click on a screen, which its own secret alone makes', async () => {
    const { custodian, ben } = await begin()
    const { secret, watches } = await sit(custodian, ben)
    expect(watches).toBe(false)
    const { port } = custodian.officers
    const foreign = await call(port, 'POST', `/v1/escorts/${id}/end`, {}, 'A'.repeat(43))
    expect(foreign).toMatchObject({ status: 403, json: { code: 'Refused' } })
    expect(await call(port, 'POST', `/v1/escorts/${id}/end`, {}, secret)).toMatchObject({ status: 200 })
  })

  test('goes on after a dry run of its end, and a screen has none', async () => {
    const { custodian, proxy, dora, ben } = await begin()
    await sit(custodian, dora)
    const { port } = custodian.officers
    const dry = { dryRun: true } as const
    const tried = await call(port, 'POST', `/v1/escorts/${id}/end`, signed(custodian, ben, 'end-escort', dry))
    expect(tried).toMatchObject({ status: 200, json: { dryRun: true, would: `${id} would end at once.` } })
    await proxy.escorts.admit(asked)
    const watched = await call(
      port,
      'POST',
      `/v1/escorts/${id}/watch`,
      signed(custodian, ben, 'watch-escort', dry),
    )
    expect(watched.status).toBe(400)
  })

  test('takes nothing while only others than its escort look on', async () => {
    const { custodian, proxy, ben } = await begin()
    await sit(custodian, ben)
    await expect(proxy.escorts.admit(asked)).rejects.toMatchObject({
      message: expect.stringMatching(/Nobody sits/),
    })
  })

  test('shows what was refused: other keys, operations, networks', async () => {
    const { custodian, proxy, dora } = await begin()
    const { lines } = await sit(custodian, dora)
    await vi.waitFor(() => proxy.escorts.admit(asked), SOON)
    for (const beyond of [
      { key: '2025/a' },
      { action: 'write' },
      { action: 'beyond' },
      { address: '198.51.100.1' },
    ])
      await expect(proxy.escorts.admit({ ...asked, ...beyond })).rejects.toMatchObject({ reason: 'refused' })
    await vi.waitUntil(() => lines.filter(({ kind }) => kind === 'refused').length >= 4, SOON)
    expect(
      (await entries(custodian)).filter(({ body }) => body['refused'] === 'Refused').length,
    ).toBeGreaterThanOrEqual(4)
  })

  test('is no matter of a proxy of another tenant, nor of one without the bucket', async () => {
    const { custodian, dora } = await begin()
    await sit(custodian, dora)
    await addTenant(custodian, 'globex')
    const other = await enrolProxy(custodian, 'globex', ['*'])
    const poor = await enrolProxy(custodian, 'acme', ['films'])
    await vi.waitUntil(() => heard(other), SOON)
    await vi.waitUntil(() => heard(poor), SOON)
    expect(await other.escorts.find(id, today(), 'eu-central-1')).toBeUndefined()
    await expect(other.escorts.admit(asked)).rejects.toMatchObject({
      message: expect.stringMatching(/no such/),
    })
    await expect(poor.escorts.admit(asked)).rejects.toMatchObject({
      message: expect.stringMatching(/may not use/),
    })
  })

  test('ends with its time, of which the log tells though nobody came', async () => {
    const { custodian, proxy } = await begin()
    custodian.setClock(Date.now() + 61 * MINUTE)
    await expect(proxy.escorts.admit(asked)).rejects.toMatchObject({
      message: expect.stringMatching(/time .* is over/),
    })
    await vi.waitUntil(
      async () => (await entries(custodian)).some(({ body }) => body['why'] === 'over'),
      SOON,
    )
  })

  test('is stopped by the kill switch like every key of its tenant', async () => {
    const { custodian, proxy, dora } = await begin()
    await sit(custodian, dora)
    await custodian.custody.kill('acme', 'ben', 'a feeling')
    await expect(proxy.escorts.admit(asked)).rejects.toMatchObject({ reason: 'killed' })
  })
})

describe("an escorted access's key", () => {
  test('opens for its recipient alone, and verifies what is signed with it', async () => {
    const { custodian, proxy, recipient } = await begin()
    const { status, json } = await call(custodian.officers.port, 'GET', `/v1/escorts/${id}/key`)
    expect(status).toBe(200)
    const sealed = Buffer.from(String(json['sealed']), 'base64url')
    const context = escortKeyContext(custodian.custody.origin, id)
    const { accessKeyId, secretAccessKey } = JSON.parse(
      (await openWith(recipient.privateKey, sealed, context)).toString(),
    )
    expect([accessKeyId, secretAccessKey.length]).toEqual([id, 40])
    const stranger = (await generateHpkeKey()).privateKey
    await expect(openWith(stranger, sealed, context)).rejects.toMatchObject({ code: 'Unverified' })

    const found = await proxy.escorts.find(id, today(), 'eu-central-1')
    const scope = { accessKeyId, day: today(), region: 'eu-central-1', service: 's3' } as const
    expect(Buffer.from(found!.signingKey)).toEqual(signingKey(secretAccessKey, scope))
    await expect(proxy.escorts.find(id, '20200101', 'eu-central-1')).rejects.toMatchObject({
      reason: 'refused',
    })

    const everything = JSON.stringify([
      await custodian.custody.opened().records.everything(),
      (await custodian.custody.logStore.leaves(0, custodian.custody.opened().log.head.size)).map(String),
    ])
    expect(everything).not.toContain(secretAccessKey)
  })

  test('is given to nobody after its end', async () => {
    const { custodian, ben } = await begin()
    await end(custodian, ben)
    const { status, json } = await call(custodian.officers.port, 'GET', `/v1/escorts/${id}/key`)
    expect([status, json['code']]).toEqual([410, 'Expired'])
  })
})
