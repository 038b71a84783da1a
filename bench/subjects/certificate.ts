import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** PEM files of one certificate for 127.0.0.1, which is its own authority. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  remove(): Promise<void>
}

export async function makeCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'treuhand-bench-tls-'))
  const files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ...['-keyout', files.key, '-out', files.certificate],
  ])
  return { ...files, remove: () => rm(folder, { recursive: true }) }
}
