import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'

/** PEM; the certificate is its own authority. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** A certificate of a day for host names (`*.` may stand before one) and IP addresses. */
export function makeCertificate(names: readonly string[], addresses: readonly string[] = []): Certificate {
  const pem = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  } as const
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem })
  const cert = forge.pki.createCertificate()
  cert.publicKey = forge.pki.publicKeyFromPem(pair.publicKey)
  cert.serialNumber = '01'
  cert.validity.notBefore = new Date(Date.now() - 3_600_000)
  cert.validity.notAfter = new Date(Date.now() + 24 * 3_600_000)
  const name = [{ name: 'commonName', value: names[0]! }]
  cert.setSubject(name)
  cert.setIssuer(name)
  const altNames = [...names.map(value => ({ type: 2, value })), ...addresses.map(ip => ({ type: 7, ip }))]
  cert.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames },
  ])
  cert.sign(forge.pki.privateKeyFromPem(pair.privateKey), forge.md.sha256.create())
  return { key: pair.privateKey, cert: forge.pki.certificateToPem(cert) }
}
