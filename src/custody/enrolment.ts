import { createHash, randomBytes } from 'node:crypto'
import { certifyProxy, keyFingerprint, requestedKey } from './authority.ts'
import type { Custody } from './custody.ts'
import { CustodyError } from './errors.ts'
import type { EnrolmentRecord, ProxyRecord, TokenRecord } from './people.ts'
import type { Kept } from './records.ts'

const HOUR = 3_600_000

/** What a proxy's operator is handed: the secret, and by what to know the custodian. */
export interface EnrolmentToken {
  readonly secret: string
  readonly tenant: string
  readonly buckets: readonly string[]
  /** SHA-256 of the authority's SubjectPublicKeyInfo in hex. */
  readonly authority: string
  readonly expires: number
}

/** A request that waits for its approval. Its id is the key's fingerprint. */
export interface Enrolment {
  readonly fingerprint: string
  readonly tenant: string
  readonly buckets: readonly string[]
  /** SubjectPublicKeyInfo in base64url. */
  readonly key: string
}

/** Makes a token that admits one certificate request within the hour. The secret is kept nowhere. */
export async function makeEnrolmentToken(
  custody: Custody,
  tenant: string,
  buckets: readonly string[],
  by: string,
): Promise<EnrolmentToken> {
  await assertTenant(custody, tenant)
  const { authority } = custody.opened(tenant)
  const secret = randomBytes(32).toString('base64url')
  const expires = custody.now() + HOUR
  const body: TokenRecord = {
    scope: 'enrolment',
    networks: [],
    expires,
    state: 'valid',
    by,
    tenant,
    buckets: [...buckets],
  }
  const entry = { type: 'enrolment', at: custody.now(), body: { step: 'token', by } } as const
  await custody.keep('token', hash(secret), undefined, body, entry)
  const spki = new Uint8Array(authority.certificate.publicKey.rawData)
  return { secret, tenant, buckets, authority: keyFingerprint(spki), expires }
}

/** @throws CustodyError `Unknown` */
export async function assertTenant(custody: Custody, tenant: string): Promise<void> {
  if (await custody.opened(tenant).records.find('tenant', tenant)) return
  throw new CustodyError('Unknown', `There is no tenant ${tenant}.`)
}

/**
 * Takes a proxy's certificate request with its token, once. Its key goes into the proposal; its names nowhere.
 *
 * @throws CustodyError `Refused`, `Malformed`
 */
export async function takeRequest(custody: Custody, secret: string, csr: string): Promise<Enrolment> {
  const { records } = custody.opened()
  const token = await records.find<TokenRecord>('token', hash(secret))
  if (token?.body.scope !== 'enrolment' || token.body.state !== 'valid') throw spent()
  if (token.body.expires <= custody.now()) throw spent()
  const spki = await requestedKey(csr)
  const { tenant, buckets } = token.body
  const fingerprint = keyFingerprint(spki)
  const body = { step: 'request', proxy: fingerprint, tenant }
  await custody.keep(
    'token',
    token.id,
    token,
    { ...token.body, state: 'used' },
    entryOf(custody, { step: 'token-used' }),
  )
  const key = Buffer.from(spki).toString('base64url')
  const before = await records.find<EnrolmentRecord>('enrolment', fingerprint)
  await custody.keep('enrolment', fingerprint, before, { tenant, buckets, key }, entryOf(custody, body))
  return { fingerprint, tenant, buckets, key }
}

/** What a proposal to admit a proxy must name, by its fingerprint. @throws CustodyError `Unknown` */
export async function requestOf(custody: Custody, fingerprint: string): Promise<Enrolment> {
  const kept = await custody.opened().records.find<EnrolmentRecord>('enrolment', fingerprint)
  if (kept) return { fingerprint, ...kept.body }
  throw new CustodyError('Unknown', 'No proxy with this fingerprint has asked to be admitted.')
}

/** Admits a proxy: the act of an approved proposal. */
export async function enrol(
  custody: Custody,
  enrolment: Enrolment,
  proposal: string,
): Promise<Kept<ProxyRecord>> {
  const { records } = custody.opened(enrolment.tenant)
  const { fingerprint, tenant, buckets, key } = enrolment
  const before = await records.find<ProxyRecord>('proxy', fingerprint)
  const body: ProxyRecord = { tenant, buckets: [...buckets], key, state: 'enrolled', staffUntil: 0 }
  return await custody.keep(
    'proxy',
    fingerprint,
    before,
    body,
    entryOf(custody, { step: 'enrolled', proposal }),
  )
}

/** Ends a proxy's right to lease at once. One officer may. */
export async function revokeProxy(custody: Custody, fingerprint: string, by: string): Promise<void> {
  const proxy = await custody.opened().records.find<ProxyRecord>('proxy', fingerprint)
  if (!proxy) throw new CustodyError('Unknown', `No proxy has the fingerprint ${fingerprint}.`)
  const entry = { type: 'revocation', at: custody.now(), body: { proxy: fingerprint, by } } as const
  await custody.keep('proxy', fingerprint, proxy, { ...proxy.body, state: 'revoked' }, entry)
  custody.tellProxy(fingerprint)
}

/** @returns PEM, for 7 days */
export async function certificateOf(custody: Custody, fingerprint: string): Promise<string> {
  const { records, authority } = custody.opened()
  const proxy = await records.find<ProxyRecord>('proxy', fingerprint)
  if (proxy?.body.state !== 'enrolled') {
    throw new CustodyError('AwaitsApproval', 'The enrolment of this proxy has not been approved yet.')
  }
  return await certifyProxy(authority, Buffer.from(proxy.body.key, 'base64url'), custody.now())
}

function entryOf(custody: Custody, body: Record<string, string>) {
  return { type: 'enrolment', at: custody.now(), body } as const
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function spent(): CustodyError {
  return new CustodyError(
    'Refused',
    'This enrolment token is unknown, used or expired. Ask an officer for a new one.',
  )
}
