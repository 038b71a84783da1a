import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readCustodianConfig } from '../../src/cli/custody/config.ts'
import { configuredHalf, makeHalf, showHalf } from '../../src/cli/half.ts'
import type { Config } from '../../src/config/schema.ts'
import { halfFingerprint } from '../../src/keys/half.ts'
import { emptyFolder } from './folder.ts'

let said: string
beforeEach(() => {
  said = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(piece => {
    said += String(piece)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** As much of a proxy's configuration as names a half. */
const configured = (half: object): Config => ({ keys: { kind: 'custodian', half } }) as unknown as Config

describe("the customer's half of a split tenant's keys", () => {
  test('is made once, readable by its owner alone, and known by its fingerprint', () => {
    const file = join(emptyFolder(), 'half')
    makeHalf({ json: true, dryRun: true }, file)
    expect(() => statSync(file)).toThrow(/ENOENT/)
    said = ''
    makeHalf({ json: true }, file)
    const { fingerprint } = JSON.parse(said)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const bytes = Buffer.from(readFileSync(file, 'utf8'), 'base64')
    expect(bytes).toHaveLength(32)
    expect(fingerprint).toBe(halfFingerprint(bytes))
    said = ''
    showHalf({ json: true }, file)
    expect(JSON.parse(said)).toEqual({ fingerprint })
    expect(said).not.toContain(bytes.toString('base64'))
    expect(() => makeHalf({ json: true }, file)).toThrow(/made once/)
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toEqual(bytes)
  })

  test('is found in its file, and in the folder of credentials that systemd hands to the service', () => {
    const folder = emptyFolder()
    makeHalf({ json: true }, join(folder, 'half'))
    const { fingerprint } = JSON.parse(said)
    const file = configured({ kind: 'file', file: join(folder, 'half') })
    expect(configuredHalf(file)).toMatchObject({ fingerprint })
    const credential = configured({ kind: 'credential', credential: 'half' })
    expect(() => configuredHalf(credential)).toThrow(/systemd gave none/)
    vi.stubEnv('CREDENTIALS_DIRECTORY', folder)
    expect(configuredHalf(credential)).toMatchObject({ fingerprint })
  })

  test('that is missing, or is something else, is told in a sentence with the cure', () => {
    const file = join(emptyFolder(), 'half')
    const half = configured({ kind: 'file', file })
    expect(() => configuredHalf(half)).toThrow(/There is no customer's half .* bring its copy/)
    writeFileSync(file, 'too short', { mode: 0o600 })
    expect(() => configuredHalf(half)).toThrow(/holds no customer's half.*Bring its copy/)
    expect(() => showHalf({ json: false }, file)).toThrow(/holds no customer's half/)
  })
})

describe("a custodian's secrets as systemd credentials", () => {
  const write = (folder: string): string => {
    const file = join(folder, 'custodian.json')
    const listen = { host: '127.0.0.1', port: 0 }
    const config = {
      ...{ origin: 'a.example/log', data: 'data', names: ['localhost'], proxies: listen, officers: listen },
      registry: { kind: 'postgres', urlFile: 'credential:database' },
      seal: { kind: 'p12', file: 'root.p12', passphraseFile: 'credential:passphrase' },
    }
    writeFileSync(file, JSON.stringify(config))
    return file
  }

  test('are looked for where systemd put them, and files beside the configuration', () => {
    const folder = emptyFolder()
    vi.stubEnv('CREDENTIALS_DIRECTORY', '/run/credentials/treuhand.service')
    expect(readCustodianConfig(write(folder))).toMatchObject({
      data: join(folder, 'data'),
      registry: { urlFile: '/run/credentials/treuhand.service/database' },
      seal: {
        file: join(folder, 'root.p12'),
        passphraseFile: '/run/credentials/treuhand.service/passphrase',
      },
    })
  })

  test('that systemd did not hand over are asked for by name', () => {
    vi.stubEnv('CREDENTIALS_DIRECTORY', undefined)
    expect(() => readCustodianConfig(write(emptyFolder()))).toThrow(/LoadCredential=database:FILE/)
  })
})
