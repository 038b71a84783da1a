import 'reflect-metadata'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { DatabaseSync } from 'node:sqlite'
import * as x509 from '@peculiar/x509'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { certifyProxy, makeAuthority, openAuthority } from '../../../src/custody/authority.ts'
import { makeEnrolmentToken, revokeProxy, takeRequest } from '../../../src/custody/enrolment.ts'
import { readEntry } from '../../../src/custody/log/entry.ts'
import type { LeaseAsk } from '../../../src/keys/custodian.ts'
import { readCredentials, writeCredentials } from '../../../src/keys/remote/credentials.ts'
import { enrol } from '../../../src/keys/remote/enrol.ts'
import { LeaseBox } from '../../../src/keys/remote/lease-box.ts'
import type { RemoteCustodian } from '../../../src/keys/remote/remote-custodian.ts'
import { addTenant, enrolProxy, startCustodian, type TestCustodian } from './custodian.ts'

const photos: LeaseAsk = { tenant: 'acme', bucket: 'photos', key: 'current' }
const HOUR = 3_600_000

async function custodianAndProxy() {
  const custodian = await startCustodian()
  await addTenant(custodian, 'acme')
  return { custodian, proxy: await enrolProxy(custodian, 'acme', ['photos', 'films']) }
}

async function entries({ custody }: TestCustodian) {
  const leaves = await custody.logStore.leaves(0, custody.opened().log.head.size)
  return leaves.map(readEntry)
}

describe('a lease', () => {
  test('comes over mutual TLS, with its term, and stands in the log without address or key', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const lease = await proxy.lease(photos)
    expect(lease.ttl).toBe(900_000)
    expect(lease.keys).toMatchObject([{ tenant: 'acme', bucket: 'photos', state: 'active' }])
    expect(new Set(lease.keys[0]!.key).size).toBeGreaterThan(1)

    const entry = (await entries(custodian)).findLast(({ type }) => type === 'lease')!
    expect(entry.body).toMatchObject({
      lease: lease.id,
      proxy: proxy.fingerprint,
      tenant: 'acme',
      ttl: 900_000,
    })
    const text = JSON.stringify(await entries(custodian))
    expect(text).not.toContain('127.0.0.1')
    expect(text).not.toContain(Buffer.from(lease.keys[0]!.key!).toString('base64url'))
  })

  test('of many buckets asked for together is one call', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const asks = Array.from({ length: 30 }, (_, number) => ({
      ...photos,
      bucket: number % 2 ? 'photos' : 'films',
    }))
    const leases = await Promise.all(asks.map(ask => proxy.lease(ask)))
    expect(leases.map(({ keys }) => keys[0]!.bucket)).toEqual(asks.map(({ bucket }) => bucket))
    const calls = (await entries(custodian)).filter(({ type }) => type === 'lease')
    expect(calls.length).toBeLessThanOrEqual(2)
  })

  test('of a bucket or tenant that the proxy was not enrolled for is refused', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    await addTenant(custodian, 'globex')
    await expect(proxy.lease({ ...photos, bucket: 'payroll' })).rejects.toMatchObject({ reason: 'refused' })
    await expect(proxy.lease({ ...photos, tenant: 'globex' })).rejects.toMatchObject({ reason: 'refused' })
    const other = await enrolProxy(custodian, 'globex', ['*'])
    const [key] = (await proxy.lease(photos)).keys
    const theft = { tenant: 'globex', bucket: 'photos', key: { id: key!.id } }
    await expect(other.lease(theft)).rejects.toMatchObject({ reason: 'unknown-key' })
  })

  test('is asked for ten times a minute at most, whatever the proxy', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const answers: number[] = []
    for (let call = 0; call < 11; call++) answers.push(await rawLease(custodian, proxy.folder, ['photos']))
    expect(answers).toEqual([...Array(10).fill(200), 429])
  })

  test('of old keys is given 24 times an hour, and again for the same keys', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const ids: Uint8Array[] = []
    let clock = Date.UTC(2020, 0, 1)
    const { groupKeys } = custodian.custody.opened('acme')
    for (let month = 0; month < 26; month++) {
      ids.push((await groupKeys.current('acme', 'photos', clock))[0]!.id)
      clock = Date.UTC(2020, month + 1, 1, 12)
    }
    await groupKeys.current('acme', 'photos', Date.now())
    const ask = (list: readonly Uint8Array[]) =>
      Promise.allSettled(list.map(id => proxy.lease({ ...photos, key: { id } })))
    const outcome = (await ask(ids)).map(({ status }) => status)
    expect(outcome).toEqual([...Array(24).fill('fulfilled'), 'rejected', 'rejected'])
    expect((await ask(ids.slice(0, 24))).every(({ status }) => status === 'fulfilled')).toBe(true)
  })

  test('is refused outside of the fence, and to staff granted until a date', async () => {
    const custodian = await startCustodian()
    await addTenant(custodian, 'acme', { fence: { deny: [], allow: [], countries: ['DE'], balancers: [] } })
    const proxy = await enrolProxy(custodian, 'acme', ['photos'])
    await expect(proxy.lease(photos)).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringMatching(/private/),
    })
    const refused = (await entries(custodian)).findLast(({ type }) => type === 'refusal')!
    expect(refused.body).toMatchObject({ reason: 'private', tenant: 'acme' })

    const { records } = custodian.custody.opened()
    const kept = (await records.find<never>('proxy', proxy.fingerprint))!
    const body = { ...(kept.body as object), staffUntil: Date.now() + HOUR } as never
    await custodian.custody.keep('proxy', proxy.fingerprint, kept, body, { type: 'policy', at: 0, body: {} })
    await expect(proxy.lease(photos)).resolves.toBeDefined()
    custodian.setClock(Date.now() + 2 * HOUR)
    await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'refused' })
  })
})

describe('a certificate', () => {
  test('of another authority is refused', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const foreign = await openAuthority(await makeAuthority('foreign', Date.now()))
    const credentials = await readCredentials(proxy.folder)
    const spki = new x509.X509Certificate(credentials.certificate).publicKey.rawData
    const certificate = await certifyProxy(foreign, new Uint8Array(spki), Date.now())
    await writeCredentials(proxy.folder, { ...credentials, certificate })
    expect(await rawLease(custodian, proxy.folder, ['photos'])).toBe(403)
  })

  test('that has ended is refused, also on a connection that began before', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    await proxy.lease(photos)
    custodian.setClock(Date.now() + 8 * 24 * HOUR)
    await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'refused' })
  })

  test('is asked for before any key', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    expect(await rawLease(custodian, proxy.folder, ['photos'], false)).toBe(403)
  })

  test('is renewed once half of its time is over, over the same key', async () => {
    const { proxy } = await custodianAndProxy()
    const before = await readCredentials(proxy.folder)
    await proxy.renewCertificate()
    expect(await readCredentials(proxy.folder)).toEqual(before)
    await proxy.renewCertificate(Date.now() + 4 * 24 * HOUR)
    const after = await readCredentials(proxy.folder)
    expect(after.certificate).not.toBe(before.certificate)
    expect(after.key).toBe(before.key)
    await expect(proxy.lease(photos)).resolves.toBeDefined()
  })
})

describe('an enrolment token', () => {
  test('admits one request', async () => {
    const custodian = await startCustodian()
    await addTenant(custodian, 'acme')
    const token = await makeEnrolmentToken(custodian.custody, 'acme', ['photos'], 'an officer')
    const first = await enrol(custodian.url, token)
    onTestFinished(() => first.close())
    await expect(enrol(custodian.url, token)).rejects.toMatchObject({ reason: 'refused' })
  })

  test('ends after an hour', async () => {
    const custodian = await startCustodian()
    await addTenant(custodian, 'acme')
    const token = await makeEnrolmentToken(custodian.custody, 'acme', ['photos'], 'an officer')
    custodian.setClock(Date.now() + HOUR + 1)
    await expect(enrol(custodian.url, token)).rejects.toMatchObject({ reason: 'refused' })
  })

  test('leads to no other custodian', async () => {
    const [custodian, impostor] = [await startCustodian(), await startCustodian()]
    await addTenant(custodian, 'acme')
    const token = await makeEnrolmentToken(custodian.custody, 'acme', ['photos'], 'an officer')
    await expect(enrol(impostor.url, token)).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringMatching(/another custodian/),
    })
  })

  test('gives no certificate before the officers approved', async () => {
    const custodian = await startCustodian()
    await addTenant(custodian, 'acme')
    const pending = await enrol(
      custodian.url,
      await makeEnrolmentToken(custodian.custody, 'acme', ['photos'], 'an officer'),
    )
    onTestFinished(() => pending.close())
    expect(await pending.finish('/nowhere')).toBe(false)
    expect(pending.request).toMatchObject({ tenant: 'acme', buckets: ['photos'] })
  })

  test('does not admit a request that its key did not sign', async () => {
    const custodian = await startCustodian()
    await addTenant(custodian, 'acme')
    const { secret } = await makeEnrolmentToken(custodian.custody, 'acme', ['photos'], 'an officer')
    const forged = Buffer.from(await certificateRequest())
    forged[forged.length - 1]! ^= 1
    const pem = x509.PemConverter.encode(forged, 'CERTIFICATE REQUEST')
    await expect(takeRequest(custodian.custody, secret, pem)).rejects.toMatchObject({ code: 'Malformed' })
  })
})

describe('what ends leases', () => {
  test.each(['*', 'acme'])(
    'the kill switch over %s reaches the proxy at once and outlives a restart',
    async scope => {
      const { custodian, proxy } = await custodianAndProxy()
      await proxy.lease(photos)
      const heard = heardBy(proxy)
      await custodian.custody.kill(scope, 'an officer', 'a drill')
      await vi.waitFor(() => expect(heard).toContain('all'), 5_000)
      await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'killed' })
      const { folder } = custodian
      const { port } = custodian.proxies
      await custodian.close()
      const again = await startCustodian({ folder, port })
      expect(again.custody.state).toBe(scope === '*' ? 'killed' : 'unsealed')
      await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'killed' })
    },
  )

  test('the revocation of a proxy reaches it at once, and no other', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const other = await enrolProxy(custodian, 'acme', ['photos'])
    await Promise.all([proxy.lease(photos), other.lease(photos)])
    const [heard, otherHeard] = [heardBy(proxy), heardBy(other)]
    await revokeProxy(custodian.custody, proxy.fingerprint, 'an officer')
    await vi.waitFor(() => expect(heard).toContain('all'), 5_000)
    await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'refused' })
    expect(proxy.events[0]).toEqual({ event: 'keys-revoked', keys: 'all' })
    await expect(other.lease(photos)).resolves.toBeDefined()
    expect(otherHeard).toEqual([])
  })

  test('a sealed custodian leases nothing, and tells nobody to drop what is leased', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    await proxy.lease(photos)
    const heard = heardBy(proxy)
    await custodian.custody.seal('an officer', 'the end of the day')
    await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'sealed' })
    expect(heard).toEqual([])
  })

  test('a custodian that is away is found again when it is back', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    const before = await proxy.lease(photos)
    await custodian.close()
    await expect(proxy.lease(photos)).rejects.toMatchObject({ reason: 'unreachable' })
    const lost = { event: 'custodian-lost', reason: 'unreachable' }
    await vi.waitFor(() => expect(proxy.events).toMatchObject([lost]), 10_000)
    await startCustodian({ folder: custodian.folder, port: custodian.proxies.port })
    expect((await proxy.lease(photos)).keys).toEqual(before.keys)
    await vi.waitFor(() => expect(proxy.events).toMatchObject([lost, { event: 'custodian-back' }]), 10_000)
  })
})

describe('an altered registry', () => {
  test.each([
    [
      'a tenant moved to a proxy',
      `update records set body = replace(body, '"acme"', '"globex"') where kind = 'proxy'`,
    ],
    [
      'a row taken from another',
      `update records set body = (select body from records where id = 'globex') where id = 'acme'`,
    ],
  ])('%s is found', async (_, sql) => {
    const { custodian } = await custodianAndProxy()
    await addTenant(custodian, 'globex', { ttl: 60_000 })
    await custodian.close()
    tamper(custodian.folder, sql)
    await expect(startCustodian({ folder: custodian.folder })).rejects.toMatchObject({ code: 'Unverified' })
  })

  test('a revoked proxy deleted from the registry is revoked still: the log has it', async () => {
    const { custodian, proxy } = await custodianAndProxy()
    await revokeProxy(custodian.custody, proxy.fingerprint, 'an officer')
    const before = custodian.folder
    await custodian.close()
    tamper(before, `delete from records where kind = 'proxy'`)
    const again = await startCustodian({ folder: before, port: custodian.proxies.port })
    expect(await again.custody.opened().records.find('proxy', proxy.fingerprint)).toMatchObject({
      body: { state: 'revoked' },
    })
  })

  test('an entry of the log removed is found', async () => {
    const { custodian } = await custodianAndProxy()
    await custodian.close()
    tamper(custodian.folder, 'delete from log_leaves where number = (select max(number) from log_leaves)')
    await expect(startCustodian({ folder: custodian.folder })).rejects.toMatchObject({ code: 'Unverified' })
  })
})

function heardBy(proxy: RemoteCustodian): unknown[] {
  const heard: unknown[] = []
  proxy.onRevoked(keys => heard.push(keys))
  return heard
}

function tamper(folder: string, sql: string): void {
  const database = new DatabaseSync(`${folder}/custody.db`)
  database.exec(sql)
  database.close()
}

async function certificateRequest(): Promise<ArrayBuffer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  return (await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm })).rawData
}

/** A call as anybody could make it. @returns its HTTP status */
async function rawLease(
  { proxies }: TestCustodian,
  folder: string,
  buckets: readonly string[],
  showCertificate = true,
): Promise<number> {
  const ca = await readFile(`${folder}/authority.crt`)
  const { key, certificate } = await readCredentials(folder)
  const shown = showCertificate ? { key, cert: certificate } : {}
  const options = { host: 'localhost', port: proxies.port, path: '/v1/leases', method: 'POST', ca, ...shown }
  return await new Promise((resolve, reject) => {
    const call = request(
      { ...options, agent: false, headers: { 'content-type': 'application/json' } },
      response => {
        response.resume().on('end', () => resolve(response.statusCode!))
      },
    )
    call.on('error', reject)
    const to = new LeaseBox().publicKey.toString('base64url')
    call.end(JSON.stringify({ asks: buckets.map(bucket => ({ bucket })), to }))
  })
}
