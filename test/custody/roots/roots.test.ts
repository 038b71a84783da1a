import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import forge from 'node-forge'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Quorum } from '../../../src/custody/quorum/quorum.ts'
import { fileRoot } from '../../../src/custody/roots/file.ts'
import { hsmQuorumRoot } from '../../../src/custody/roots/hsm-quorum.ts'
import { p12Root } from '../../../src/custody/roots/p12.ts'
import { passphraseRoot } from '../../../src/custody/roots/passphrase.ts'
import { pkcs11Root } from '../../../src/custody/roots/pkcs11.ts'
import { quorumRoot } from '../../../src/custody/roots/quorum.ts'
import { transitRoot } from '../../../src/custody/roots/transit.ts'
import { temporaryFolder } from '../folder.ts'
import { rootHolds } from './suite.ts'

const quorum: Quorum = { origin: 'test', set: 'AAAA', needed: 2, commitment: 'AAAA', parties: [] }

describe('a file', () => {
  rootHolds(async () => {
    const path = join(temporaryFolder(), 'root.key')
    const other = join(temporaryFolder(), 'root.key')
    await fileRoot(other).create()
    return { provider: () => fileRoot(path), stranger: () => fileRoot(other) }
  })
})

describe('a passphrase', () => {
  rootHolds(async () => ({
    provider: () => passphraseRoot(async () => 'correct horse battery staple'),
    stranger: () => passphraseRoot(async () => 'Tr0ub4dor&3, as they say'),
  }))
})

describe('a quorum', () => {
  rootHolds(async () => {
    const [secret, other] = [random(), random()]
    return {
      provider: () => quorumRoot(quorum, secret.slice()),
      stranger: () => quorumRoot(quorum, other.slice()),
    }
  })
})

describe('an HSM and a quorum', () => {
  rootHolds(async () => {
    const secret = random()
    const path = join(temporaryFolder(), 'hsm.key')
    return {
      provider: () => hsmQuorumRoot(fileRoot(path), quorum, secret.slice()),
      stranger: () => hsmQuorumRoot(fileRoot(path), quorum, random()),
    }
  })

  test('does not open by its holders with another HSM', async () => {
    const secret = random()
    const { record } = await hsmQuorumRoot(
      fileRoot(join(temporaryFolder(), 'a')),
      quorum,
      secret.slice(),
    ).create()
    const other = join(temporaryFolder(), 'b')
    await fileRoot(other).create()
    const opening = hsmQuorumRoot(fileRoot(other), quorum, secret.slice()).open(record)
    await expect(opening).rejects.toMatchObject({ code: 'WrapDoesNotOpen' })
  })
})

describe('a PKCS #12 file', () => {
  const [ours, theirs] = [p12('our passphrase'), p12('our passphrase')]
  rootHolds(async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'ours.p12'), ours)
    writeFileSync(join(folder, 'theirs.p12'), theirs)
    return {
      provider: () => p12Root(join(folder, 'ours.p12'), async () => 'our passphrase'),
      stranger: () => p12Root(join(folder, 'theirs.p12'), async () => 'our passphrase'),
    }
  })

  test.each([
    ['a wrong passphrase', () => ours, 'WrongPassphrase'],
    ['no PKCS #12', () => Buffer.from('not a file'), 'WrongPassphrase'],
    ['a file of 100 KiB', () => Buffer.alloc(102_400), 'RootKeyUnsafe'],
    ['a key of 1,024 bits', () => p12('another', 1024), 'RootKeyUnsafe'],
  ])('with %s is refused', async (_, content, code) => {
    const path = join(temporaryFolder(), 'file.p12')
    writeFileSync(path, content())
    await expect(p12Root(path, async () => 'another').create()).rejects.toMatchObject({ code })
  })
})

describe('a transit engine, by its documented interface', () => {
  rootHolds(async () => {
    const address = await transitServer()
    const tokenFile = secretFile('s.token')
    const options = { address, mount: 'transit', tokenFile }
    return {
      provider: () => transitRoot({ ...options, key: 'treuhand' }),
      stranger: () => transitRoot({ ...options, key: 'other' }),
    }
  })

  test('that refuses the token, is sealed or away says so', async () => {
    const options = { mount: 'transit', key: 'treuhand' }
    const wrong = { ...options, address: await transitServer(), tokenFile: secretFile('s.stolen') }
    await expect(transitRoot(wrong).create()).rejects.toMatchObject({ code: 'Refused' })
    const sealed = { ...options, address: await transitServer(503), tokenFile: secretFile('s.token') }
    await expect(transitRoot(sealed).create()).rejects.toMatchObject({ code: 'Unreachable' })
    const away = { ...options, address: 'http://127.0.0.1:1', tokenFile: secretFile('s.token') }
    await expect(transitRoot(away).create()).rejects.toMatchObject({ code: 'Unreachable' })
  })

  test('is not spoken to in the clear over a network', () => {
    const options = { address: 'http://vault.example:8200', mount: 'transit', key: 'treuhand', tokenFile: '' }
    expect(() => transitRoot(options)).toThrow(/https/)
  })
})

test('a PKCS #11 token without its parts or library says what to install', async () => {
  const options = { library: '/nowhere/pkcs11.so', token: 'treuhand', pinFile: secretFile('1234') }
  await expect(pkcs11Root(options).create()).rejects.toMatchObject({ code: 'RootKeyMissing' })
})

function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32))
}

function secretFile(secret: string): string {
  const path = join(temporaryFolder(), 'secret')
  writeFileSync(path, `${secret}\n`, { mode: 0o600 })
  return path
}

/** A PKCS #12 file with an RSA key and a certificate over it. */
function p12(passphrase: string, bits = 2048): Buffer {
  const keys = forge.pki.rsa.generateKeyPair({ bits })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = keys.publicKey
  certificate.setSubject([{ name: 'commonName', value: 'custodian' }])
  certificate.sign(keys.privateKey, forge.md.sha256.create())
  const file = forge.pkcs12.toPkcs12Asn1(keys.privateKey, [certificate], passphrase, {
    algorithm: 'aes256',
    count: 2048,
  })
  return Buffer.from(forge.asn1.toDer(file).getBytes(), 'latin1')
}

/**
 * A transit engine as far as its API documentation describes encrypt and decrypt with associated data. It
 * stands in for a server: `npm run suites` runs the same against a real one whose binary the caller names.
 */
async function transitServer(status = 200): Promise<string> {
  const keys = new Map<string, Promise<CryptoKey>>()
  const keyOf = (name: string) => {
    const key =
      keys.get(name) ??
      crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
    keys.set(name, key as Promise<CryptoKey>)
    return key as Promise<CryptoKey>
  }
  const server = createServer(async (request, response) => {
    const answer = (code: number, data: unknown) => response.writeHead(code).end(JSON.stringify(data))
    if (status !== 200) return answer(status, { errors: ['Vault is sealed'] })
    if (request.headers['x-vault-token'] !== 's.token') return answer(403, { errors: ['permission denied'] })
    const [, act, name] = /^\/v1\/transit\/(encrypt|decrypt)\/(\w+)$/.exec(request.url!) ?? []
    const body = JSON.parse(await textOf(request)) as Record<string, string>
    const additionalData = Buffer.from(body['associated_data']!, 'base64')
    const key = await keyOf(name!)
    if (act === 'encrypt') {
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData },
        key,
        Buffer.from(body['plaintext']!, 'base64'),
      )
      const ciphertext = `vault:v1:${Buffer.concat([iv, new Uint8Array(sealed)]).toString('base64')}`
      return answer(200, { data: { ciphertext, key_version: 1 } })
    }
    const bytes = Buffer.from(body['ciphertext']!.replace('vault:v1:', ''), 'base64')
    try {
      const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, 12), additionalData }
      const plain = await crypto.subtle.decrypt(algorithm, key, bytes.subarray(12))
      return answer(200, { data: { plaintext: Buffer.from(plain).toString('base64') } })
    } catch {
      return answer(400, { errors: ['cipher: message authentication failed'] })
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += piece
  return text
}
