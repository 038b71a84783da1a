import 'reflect-metadata'
import { createHash } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { CustodyError } from './errors.ts'
import type { Secret } from './secrets.ts'

x509.cryptoProvider.set(crypto)

const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const DAY = 24 * 3_600_000
/** For clocks that are a little behind. */
const BEFORE = 5 * 60_000

/** How long certificates hold: a proxy's is renewed at half of it, the custodian's own whenever it is unsealed. */
export const PROXY_CERTIFICATE = 7 * DAY
const SERVER_CERTIFICATE = 397 * DAY
const AUTHORITY_CERTIFICATE = 3650 * DAY

/** The custodian's certificate authority. */
export interface Authority {
  readonly certificate: x509.X509Certificate
  readonly key: CryptoKey
}

/** Makes the authority's P-256 key, as PKCS #8, and the certificate that the key signs over itself. */
export async function makeAuthority(name: string, now: number): Promise<Secret> {
  const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=Treuhand custodian ${name}`,
    notBefore: new Date(now - BEFORE),
    notAfter: new Date(now + AUTHORITY_CERTIFICATE),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    bytes: new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
    public: new Uint8Array(certificate.rawData),
  }
}

export async function openAuthority(secret: Secret): Promise<Authority> {
  const key = await crypto.subtle.importKey('pkcs8', secret.bytes as NodeJS.BufferSource, P256, false, [
    'sign',
  ])
  secret.bytes.fill(0)
  return { certificate: new x509.X509Certificate(secret.public as NodeJS.BufferSource), key }
}

/** A proxy's certificate over its key; what else its request says is ignored. */
export async function certifyProxy(authority: Authority, spki: Uint8Array, now: number): Promise<string> {
  const fingerprint = keyFingerprint(spki)
  return await certify(authority, spki, now, PROXY_CERTIFICATE, `CN=${fingerprint}`, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth], true),
    new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `treuhand:proxy:${fingerprint}` }]),
  ])
}

/** The custodian's own certificate for the names and addresses under which it is reached. */
export async function certifyServer(
  authority: Authority,
  spki: Uint8Array,
  names: readonly string[],
  now: number,
): Promise<string> {
  return await certify(authority, spki, now, SERVER_CERTIFICATE, 'CN=Treuhand custodian', [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], true),
    new x509.SubjectAlternativeNameExtension(
      names.map(value => ({ type: isAddress(value) ? 'ip' : 'dns', value }) as const),
    ),
  ])
}

async function certify(
  authority: Authority,
  spki: Uint8Array,
  now: number,
  lifetime: number,
  subject: string,
  extensions: x509.Extension[],
): Promise<string> {
  const publicKey = new x509.PublicKey(spki as NodeJS.BufferSource)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex'),
    subject,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - BEFORE),
    notAfter: new Date(now + lifetime),
    publicKey,
    signingKey: authority.key,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...extensions,
    ],
  })
  return certificate.toString('pem')
}

/**
 * The key that a certificate signing request (PKCS #10, PEM) proves to hold.
 *
 * @returns its SubjectPublicKeyInfo
 * @throws CustodyError `Malformed` unless it is a P-256 key that signed the request
 */
export async function requestedKey(pem: string): Promise<Uint8Array> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem)
    const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string }
    if (name === 'ECDSA' && namedCurve === 'P-256' && (await request.verify())) {
      return new Uint8Array(request.publicKey.rawData)
    }
  } catch {
    // Whatever the parser did not like, the answer is the same.
  }
  throw new CustodyError(
    'Malformed',
    'The certificate request is not one that a P-256 key signed. Make it anew.',
  )
}

/** Names a key: SHA-256 of its SubjectPublicKeyInfo in hex. */
export function keyFingerprint(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex')
}

function isAddress(name: string): boolean {
  return /^[0-9.]+$/.test(name) || name.includes(':')
}
