import 'reflect-metadata'
import { createHash, X509Certificate } from 'node:crypto'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { NoLease } from '../custodian.ts'
import { Connection } from './connection.ts'
import { type ProxyCredentials, writeCredentials } from './credentials.ts'

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const TIMEOUT = 10_000

/** What a custodian's officer hands to a proxy's operator, as one line of text. */
export interface EnrolmentTicket {
  readonly secret: string
  /** SHA-256 of the authority's SubjectPublicKeyInfo in hex: by it the custodian is known. */
  readonly authority: string
}

/** @throws RangeError for what is no ticket */
export function readTicket(text: string): EnrolmentTicket {
  const [, secret, authority] = /^treuhand-enrol\.([\w-]{43})\.([0-9a-f]{64})$/.exec(text.trim()) ?? []
  if (!secret || !authority)
    throw new RangeError('This is no enrolment ticket: it begins with treuhand-enrol.')
  return { secret, authority }
}

export function writeTicket({ secret, authority }: EnrolmentTicket): string {
  return `treuhand-enrol.${secret}.${authority}`
}

/** A proxy's request as the custodian took it. */
export interface EnrolmentRequest {
  readonly fingerprint: string
  readonly tenant: string
  readonly buckets: readonly string[]
  /** SubjectPublicKeyInfo in base64url. */
  readonly key: string
}

/** A proxy's enrolment that waits for the officers. */
export interface PendingEnrolment {
  /** Officers compare the fingerprint with what stands in the proposal. */
  readonly fingerprint: string
  /** What the proposal to admit this proxy names. */
  readonly request: EnrolmentRequest
  /**
   * Fetches the certificate once the officers approved, and writes the credentials.
   *
   * @returns false while they have not
   * @throws NoLease
   */
  finish(folder: string): Promise<boolean>
  close(): Promise<void>
}

/**
 * Asks a custodian to admit this proxy: makes its key here, and sends the request for a certificate with the
 * ticket's secret, after the custodian proved that it is the ticket's.
 *
 * @throws NoLease
 */
export async function enrol(url: string, ticket: EnrolmentTicket): Promise<PendingEnrolment> {
  const authority = await findAuthority(url, ticket.authority)
  const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  const connection = new Connection([url], { authority })
  const body = { token: ticket.secret, csr: csr.toString('pem') }
  const request = (await connection.call('POST', '/v1/enrolments', body)) as EnrolmentRequest
  const { fingerprint } = request
  return {
    fingerprint,
    request,
    async finish(folder) {
      const answer = (await connection.call('GET', `/v1/enrolments/${fingerprint}`)) as {
        certificate?: string
      }
      if (answer.certificate === undefined) return false
      const credentials: ProxyCredentials = { key, certificate: answer.certificate, authority }
      await writeCredentials(folder, credentials)
      return true
    },
    close: () => connection.close(),
  }
}

/**
 * Takes from the custodian's own chain the authority that the ticket names. The connection is then made
 * anew, and checked against it as any other.
 */
async function findAuthority(url: string, fingerprint: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const chain = await peerChain(hostname, Number(port || 443))
  const authority = chain.find(certificate => spkiDigest(certificate) === fingerprint)
  if (authority) return authority.toString()
  throw new NoLease('refused', `Behind ${url} stands another custodian than the one that made the ticket.`)
}

async function peerChain(host: string, port: number): Promise<X509Certificate[]> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port, minVersion: 'TLSv1.3', rejectUnauthorized: false, timeout: TIMEOUT })
    const fail = () =>
      reject(new NoLease('unreachable', `The custodian at ${host}:${port} cannot be reached.`))
    socket.on('error', fail)
    socket.on('timeout', () => socket.destroy(new Error('timeout')))
    socket.on('secureConnect', () => {
      const chain: X509Certificate[] = []
      let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
      while (at?.raw && chain.length < 4) {
        chain.push(new X509Certificate(at.raw))
        at = at.issuerCertificate === at ? undefined : at.issuerCertificate
      }
      socket.destroy()
      resolve(chain)
    })
  })
}

function spkiDigest(certificate: X509Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
}
