import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { debianProgram } from '../../tools/debian.ts'
import { installHsmParts } from '../../tools/hsm.ts'

/** What seals are made of, by programs of other origin: SoftHSM's tokens, openssl's PKCS #12 files. */
const run = promisify(execFile)

export const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'
export const PIN = '1234'

/** SoftHSM 2 with tokens of these labels, for this process and what it starts. */
export async function softHsm(labels: readonly string[]): Promise<void> {
  await installHsmParts()
  const util = await debianProgram('softhsm2-util')
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-softhsm-'))
  const file = join(folder, 'softhsm2.conf')
  writeFileSync(file, `directories.tokendir = ${folder}\nobjectstore.backend = file\n`)
  process.env['SOFTHSM2_CONF'] = file
  for (const label of labels)
    await run(util, ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', PIN])
}

/**
 * A PKCS #12 file with a key and a certificate over it, as a customer's own tools make it.
 *
 * @param key openssl's arguments for another key than RSA of 2,048 bits
 */
export async function p12File(passphrase: string, key = ['-newkey', 'rsa:2048']): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-p12-'))
  const pem = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/crt.pem`]
  await run('openssl', ['req', '-x509', ...key, '-nodes', '-subj', '/CN=custodian', ...pem])
  const files = ['-inkey', `${folder}/key.pem`, '-in', `${folder}/crt.pem`, '-out', `${folder}/file.p12`]
  await run('openssl', ['pkcs12', '-export', ...files, '-passout', `pass:${passphrase}`])
  return `${folder}/file.p12`
}

export function secretFile(secret: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'treuhand-secret-')), 'secret')
  writeFileSync(path, secret, { mode: 0o600 })
  return path
}
