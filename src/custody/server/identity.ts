import 'reflect-metadata'
import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { type Authority, certifyServer } from '../authority.ts'
import { writeDurably } from '../log/files.ts'

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
const YEAR = 365 * 24 * 3_600_000
const SOON = 60 * 24 * 3_600_000
const END = '-----END CERTIFICATE-----'

/** How the custodian's listeners show who they are. PEM. */
export interface ServerIdentity {
  readonly key: string
  /** The custodian's certificate, then its authority's where it has one. */
  readonly chain: string
  /** The authority, against which proxies' certificates are checked; undefined before the ceremony. */
  readonly authority: string | undefined
}

/**
 * The listeners' key and certificates, as files, since a sealed custodian must be spoken to as well. Before
 * the ceremony the certificate is signed by itself: officers compare its fingerprint.
 *
 * @param names host names and addresses under which the custodian is reached
 */
export async function openServerIdentity(
  folder: string,
  names: readonly string[],
  now: number,
): Promise<ServerIdentity> {
  const key = await readIfThere(join(folder, 'tls.key'))
  const chain = await readIfThere(join(folder, 'tls.crt'))
  if (key && chain) return { key, chain, authority: await readIfThere(join(folder, 'authority.crt')) }
  const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex'),
    name: 'CN=Treuhand custodian, not initialised',
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + YEAR),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [subjectNames(names)],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  const made = { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), chain: certificate.toString('pem') }
  await writeDurably(join(folder, 'tls.key'), made.key)
  await writeDurably(join(folder, 'tls.crt'), made.chain)
  return { ...made, authority: undefined }
}

/** Has the authority certify the listeners' key anew; for a year and a month, whenever the custodian is unsealed. */
export async function renewServerIdentity(
  folder: string,
  identity: ServerIdentity,
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<ServerIdentity> {
  const spki = createPublicKey(identity.key).export({ format: 'der', type: 'spki' })
  const own = authority.certificate.toString('pem')
  const chain = `${await certifyServer(authority, spki, names, now)}\n${own}\n`
  await writeDurably(join(folder, 'tls.crt'), chain)
  await writeDurably(join(folder, 'authority.crt'), own)
  return { key: identity.key, chain, authority: own }
}

/** Whether less than two months are left of the certificate that is shown. */
export function endsSoon({ chain }: ServerIdentity, now: number): boolean {
  return (
    new x509.X509Certificate(chain.slice(0, chain.indexOf(END) + END.length)).notAfter.getTime() - now < SOON
  )
}

function subjectNames(names: readonly string[]): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    names.map(value => ({ type: /^[0-9.]+$|:/.test(value) ? 'ip' : 'dns', value })),
  )
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
