import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { p12Root } from '../../src/custody/roots/p12.ts'
import { pkcs11Root } from '../../src/custody/roots/pkcs11.ts'
import { transitRoot } from '../../src/custody/roots/transit.ts'
import { unwrap, wrap } from '../../src/custody/wrap.ts'
import { startTransit, type Transit } from '../../tools/transit.ts'
import { rootHolds } from '../custody/roots/suite.ts'
import { PIN, p12File, SOFTHSM, secretFile, softHsm } from './seal-parts.ts'

const run = promisify(execFile)

describe('a PKCS #11 token (SoftHSM 2)', () => {
  beforeAll(() => softHsm(['ours', 'theirs', 'closed']))

  rootHolds(async () => {
    const pinFile = secretFile(PIN)
    return {
      provider: () => pkcs11Root({ library: SOFTHSM, token: 'ours', pinFile }),
      stranger: () => pkcs11Root({ library: SOFTHSM, token: 'theirs', pinFile }),
    }
  })

  test('opens a root while another token is in use, and beside keys that were made later', async () => {
    const [ours, theirs] = ['ours', 'theirs'].map(token =>
      pkcs11Root({ library: SOFTHSM, token, pinFile: secretFile(PIN) }),
    )
    const { root, record } = await ours!.create()
    const wrapped = await wrap(root, Buffer.from('a key'), ['test'])
    await theirs!.create()
    await ours!.create()
    for (const opened of [root, await ours!.open(record)])
      expect(Buffer.from(await unwrap(opened, wrapped, ['test'])).toString()).toBe('a key')
  })

  test('is refused with another PIN, and by another label', async () => {
    // A process that is logged in to a token is not asked for its PIN again.
    const wrong = pkcs11Root({ library: SOFTHSM, token: 'closed', pinFile: secretFile('9999') })
    await expect(wrong.create()).rejects.toMatchObject({ code: 'RootKeyMissing' })
    const absent = pkcs11Root({ library: SOFTHSM, token: 'absent', pinFile: secretFile(PIN) })
    await expect(absent.create()).rejects.toMatchObject({ code: 'RootKeyMissing' })
  })
})

describe('a PKCS #12 file that openssl made', () => {
  const passphrase = 'our passphrase'
  rootHolds(async () => {
    const [ours, theirs] = [await p12File(passphrase), await p12File(passphrase)]
    return {
      provider: () => p12Root(ours, async () => passphrase),
      stranger: () => p12Root(theirs, async () => passphrase),
    }
  })

  test('gives a root that openssl opens from the record, so that the customer needs none of this program', async () => {
    const path = await p12File(passphrase)
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
    const path = await p12File(passphrase, ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'])
    await expect(p12Root(path, async () => passphrase).create()).rejects.toMatchObject({
      code: 'RootKeyUnsafe',
    })
  })
})

/** Where TRANSIT names a binary of OpenBao or Vault: it comes through no registry, so CI has none. */
const program = process.env['TRANSIT']

describe.skipIf(program === undefined)(
  'a transit engine (the binary that TRANSIT names; CI has none)',
  () => {
    let transit: Transit
    beforeAll(async () => {
      transit = await startTransit(program!)
      for (const key of ['ours', 'theirs']) await transit.makeKey(key)
      await transit.makeKey('rsa', 'rsa-2048')
    })
    afterAll(() => transit?.stop())

    const rootUnder = (key: string, more = {}) => {
      const { address, tokenFile } = transit
      return transitRoot({ address, mount: 'transit', key, tokenFile, ...more })
    }

    rootHolds(async () => ({ provider: () => rootUnder('ours'), stranger: () => rootUnder('theirs') }))

    test('opens roots of before its key was rotated, and no longer those of versions that were given up', async () => {
      await transit.makeKey('rotated')
      const { record } = await rootUnder('rotated').create()
      await transit.call('transit/keys/rotated/rotate')
      await rootUnder('rotated').open(record)
      await transit.call('transit/keys/rotated/config', { min_decryption_version: 2 })
      await expect(rootUnder('rotated').open(record)).rejects.toMatchObject({ code: 'RootKeyChanged' })
    })

    test('is refused with a foreign token, a key that binds no context, and where there is none', async () => {
      const foreign = rootUnder('ours', { tokenFile: secretFile('s.foreign') })
      await expect(foreign.create()).rejects.toMatchObject({ code: 'Refused' })
      await expect(rootUnder('rsa').create()).rejects.toMatchObject({ code: 'RootKeyUnsafe' })
      await expect(rootUnder('absent').create()).rejects.toMatchObject({ code: 'Refused' })
      const elsewhere = rootUnder('ours', { mount: 'elsewhere' })
      await expect(elsewhere.create()).rejects.toMatchObject({ code: 'Refused' })
    })

    test('that is sealed says so', async () => {
      const { record } = await rootUnder('ours').create()
      await transit.call('sys/seal')
      const opening = rootUnder('ours').open(record)
      await expect(opening).rejects.toMatchObject({
        code: 'Unreachable',
        message: expect.stringMatching(/Unseal/),
      })
    })
  },
)
