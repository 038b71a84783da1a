import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSshKey, sshFingerprint } from '../../../src/custody/approvals/ssh-key.ts'
import { verifySshSignature } from '../../../src/custody/approvals/sshsig.ts'
import { SshSigner } from './ssh-signer.ts'

interface Case {
  name: string
  key: string
  fingerprint: string
  signature: string
}
const vectors = JSON.parse(readFileSync('test/vectors/custody/sshsig.json', 'utf8')) as {
  text: string
  namespace: string
  good: Case[]
  otherNamespace: string
  rsa: { key: string; signature: string }
}
const text = Buffer.from(vectors.text)

describe('an SSH signature', () => {
  for (const { name, key, fingerprint, signature } of vectors.good)
    it(`that ssh-keygen made (${name}) verifies, and over no other text`, () => {
      const signer = verifySshSignature(signature, text, vectors.namespace)
      expect(signer.blob).toEqual(readSshKey(key).blob)
      expect(sshFingerprint(signer)).toBe(fingerprint)
      const other = Buffer.from(vectors.text.replace('approve', 'reject'))
      expect(() => verifySshSignature(signature, other, vectors.namespace)).toThrow(/not of this text/)
    })

  it('for another namespace is refused', () => {
    expect(() => verifySshSignature(vectors.otherNamespace, text, vectors.namespace)).toThrow(
      /another purpose/,
    )
  })

  it('by RSA is refused, as is an RSA key', () => {
    expect(() => verifySshSignature(vectors.rsa.signature, text, vectors.namespace)).toThrow(/algorithm/)
    expect(() => readSshKey(vectors.rsa.key)).toThrow(/algorithm/)
  })

  it('with any byte changed is refused', () => {
    const [{ signature }] = vectors.good as [Case]
    const bytes = Buffer.from(signature.replaceAll(/-----.*-----|\n/g, ''), 'base64')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      const armour = `-----BEGIN SSH SIGNATURE-----\n${changed.toString('base64')}\n-----END SSH SIGNATURE-----\n`
      const verify = () => verifySshSignature(armour, text, vectors.namespace)
      // A changed public key may verify nothing; it must never pass as the key that signed.
      expect(verify, `byte ${at}`).toThrow()
    }
  })

  it('that the test signer makes is one that verifies', () => {
    const signer = new SshSigner()
    expect(
      sshFingerprint(verifySshSignature(signer.sign('x\n'), Buffer.from('x\n'), 'treuhand-approval')),
    ).toBe(signer.fingerprint)
  })

  it('cut short, with bytes behind it or without armour is refused', () => {
    const [{ signature }] = vectors.good as [Case]
    const bytes = Buffer.from(signature.replaceAll(/-----.*-----|\n/g, ''), 'base64')
    const armoured = (body: Buffer) =>
      `-----BEGIN SSH SIGNATURE-----\n${body.toString('base64')}\n-----END SSH SIGNATURE-----\n`
    for (const bad of [
      armoured(bytes.subarray(0, -1)),
      armoured(Buffer.concat([bytes, Buffer.alloc(1)])),
      armoured(Buffer.alloc(0)),
      bytes.toString('base64'),
      '',
    ])
      expect(() => verifySshSignature(bad, text, vectors.namespace)).toThrow()
  })
})
