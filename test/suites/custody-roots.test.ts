import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { p12Root } from '../../src/custody/roots/p12.ts'
import { pkcs11Root } from '../../src/custody/roots/pkcs11.ts'
import { debianProgram } from '../../tools/debian.ts'
import { installHsmParts } from '../../tools/hsm.ts'
import { rootHolds } from '../custody/roots/suite.ts'

const run = promisify(execFile)
const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'

describe('a PKCS #11 token (SoftHSM 2)', () => {
  beforeAll(async () => {
    await installHsmParts()
    const util = await debianProgram('softhsm2-util')
    const folder = mkdtempSync(join(tmpdir(), 'treuhand-softhsm-'))
    writeFileSync(
      join(folder, 'softhsm2.conf'),
      `directories.tokendir = ${folder}\nobjectstore.backend = file\n`,
    )
    process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf')
    for (const label of ['ours', 'theirs'])
      await run(util, ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', '1234'])
  })

  rootHolds(async () => {
    const pinFile = secretFile('1234')
    return {
      provider: () => pkcs11Root({ library: SOFTHSM, token: 'ours', pinFile }),
      stranger: () => pkcs11Root({ library: SOFTHSM, token: 'theirs', pinFile }),
    }
  })

  test('is refused with another PIN, and by another label', async () => {
    const wrong = pkcs11Root({ library: SOFTHSM, token: 'ours', pinFile: secretFile('9999') })
    await expect(wrong.create()).rejects.toMatchObject({ code: 'RootKeyMissing' })
    const absent = pkcs11Root({ library: SOFTHSM, token: 'absent', pinFile: secretFile('1234') })
    await expect(absent.create()).rejects.toMatchObject({ code: 'RootKeyMissing' })
  })
})

describe('a PKCS #12 file that openssl made', () => {
  const passphrase = 'our passphrase'
  rootHolds(async () => {
    const [ours, theirs] = [await p12(passphrase), await p12(passphrase)]
    return {
      provider: () => p12Root(ours, async () => passphrase),
      stranger: () => p12Root(theirs, async () => passphrase),
    }
  })

  test('gives a root that openssl opens from the record, so that the customer needs none of this program', async () => {
    const path = await p12(passphrase)
    const { record } = await p12Root(path, async () => passphrase).create()
    const folder = mkdtempSync(join(tmpdir(), 'treuhand-p12-'))
    writeFileSync(join(folder, 'wrapped'), Buffer.from(String(record['wrapped']), 'hex'))
    await run('openssl', [
      'pkcs12',
      '-in',
      path,
      '-nodes',
      '-nocerts',
      '-passin',
      `pass:${passphrase}`,
      '-out',
      `${folder}/key`,
    ])
    const label = Buffer.from('treuhand/root/p12/v1').toString('hex')
    const oaep = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', `rsa_oaep_label:${label}`].flatMap(
      option => ['-pkeyopt', option],
    )
    const files = ['-inkey', `${folder}/key`, '-in', `${folder}/wrapped`, '-out', `${folder}/root`]
    await run('openssl', ['pkeyutl', '-decrypt', ...files, ...oaep])
    expect(existsSync(`${folder}/root`)).toBe(true)
  })

  test('with a P-256 key is refused, as only RSA opens', async () => {
    const path = await p12(passphrase, ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'])
    await expect(p12Root(path, async () => passphrase).create()).rejects.toMatchObject({
      code: 'RootKeyUnsafe',
    })
  })
})

async function p12(passphrase: string, key = ['-newkey', 'rsa:2048']): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'treuhand-p12-'))
  const pem = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/crt.pem`]
  await run('openssl', ['req', '-x509', ...key, '-nodes', '-subj', '/CN=custodian', ...pem])
  const files = ['-inkey', `${folder}/key.pem`, '-in', `${folder}/crt.pem`, '-out', `${folder}/file.p12`]
  await run('openssl', ['pkcs12', '-export', ...files, '-passout', `pass:${passphrase}`])
  return `${folder}/file.p12`
}

function secretFile(secret: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'treuhand-pin-')), 'pin')
  writeFileSync(path, secret, { mode: 0o600 })
  return path
}
