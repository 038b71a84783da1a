import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { approvalText } from '../../../src/custody/approvals/approval.ts'
import { type ApproverKey, fingerprintOf, verifySignature } from '../../../src/custody/approvals/approver.ts'
import { newNonce } from '../../../src/custody/approvals/document.ts'
import { challengeOf, registerPasskey, verifyPasskey } from '../../../src/custody/approvals/passkey.ts'
import { Authenticator } from './authenticator.ts'
import { ORIGIN } from './ground.ts'

const console = { id: 'console.trustee.example', origin: 'https://console.trustee.example' }
const challenge = (): string => randomBytes(32).toString('base64url')

async function register(authenticator: Authenticator): Promise<ApproverKey> {
  const asked = challenge()
  const passkey = await registerPasskey(
    authenticator.register(asked, console.origin, console.id),
    asked,
    console,
  )
  return { kind: 'passkey', ...passkey }
}

const textFor = (key: ApproverKey): string =>
  approvalText({
    origin: ORIGIN,
    decision: 'approve',
    proposal: 'a'.repeat(64),
    signer: fingerprintOf(key),
    expires: 1_700_000_000_000,
    nonce: newNonce(),
  })

describe('a passkey', () => {
  it('signs an approval: its challenge is the SHA-256 of the text', async () => {
    const authenticator = new Authenticator()
    const key = await register(authenticator)
    const text = textFor(key)
    const signature = JSON.stringify(authenticator.sign(challengeOf(text), console.origin, console.id))
    const after = await verifySignature(key, text, signature, console)
    expect(after).toMatchObject({ counter: 1 })
    await expect(
      verifySignature(key, text.replace('approve', 'reject'), signature, console),
    ).rejects.toMatchObject({
      code: 'Unverified',
    })
    // Played again, its counter has not moved.
    await expect(verifySignature(after, text, signature, console)).rejects.toMatchObject({
      code: 'Unverified',
    })
  })

  it('that is synced to a cloud is refused', async () => {
    await expect(register(new Authenticator({ synced: true }))).rejects.toMatchObject({ code: 'Refused' })
  })

  it('that does not verify its user is refused', async () => {
    await expect(register(new Authenticator({ verifiesUser: false }))).rejects.toMatchObject({
      code: 'Unverified',
    })
  })

  it('of another device, origin or host is refused', async () => {
    const authenticator = new Authenticator()
    const key = await register(authenticator)
    if (key.kind !== 'passkey') throw new Error('registered a passkey')
    const text = textFor(key)
    const asked = challengeOf(text)
    for (const response of [
      new Authenticator().sign(asked, console.origin, console.id),
      authenticator.sign(asked, 'https://evil.example', console.id),
      authenticator.sign(asked, console.origin, 'evil.example'),
      authenticator.sign(challenge(), console.origin, console.id),
    ])
      await expect(verifyPasskey(response, text, key, console)).rejects.toMatchObject({ code: 'Unverified' })
  })

  it('is of no use where there is no console', async () => {
    const authenticator = new Authenticator()
    const key = await register(authenticator)
    const text = textFor(key)
    const signature = JSON.stringify(authenticator.sign(challengeOf(text), console.origin, console.id))
    await expect(verifySignature(key, text, signature, undefined)).rejects.toMatchObject({ code: 'Refused' })
    await expect(verifySignature(key, text, 'null', console)).rejects.toMatchObject({ code: 'Malformed' })
  })
})
