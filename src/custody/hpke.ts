import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { type Context, contextBytes } from './context.ts'
import { CustodyError } from './errors.ts'

/**
 * HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. How shares, backups
 * and exports go to somebody who is not there. The context stands in `info`, so that what was sealed for
 * one purpose opens for no other.
 */
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})

const ENC_LENGTH = 32
const TAG_LENGTH = 16

export interface HpkeKeyPair {
  /** 32 bytes. */
  readonly publicKey: Buffer
  /** 32 bytes; the caller overwrites it after use. */
  readonly privateKey: Buffer
}

export async function generateHpkeKey(): Promise<HpkeKeyPair> {
  const { publicKey, privateKey } = await suite.kem.generateKeyPair()
  return {
    publicKey: Buffer.from(await suite.kem.serializePublicKey(publicKey)),
    privateKey: Buffer.from(await suite.kem.serializePrivateKey(privateKey)),
  }
}

/**
 * @param publicKey 32 bytes
 * @returns encapsulated key (32 bytes) ‖ ciphertext ‖ tag (16 bytes)
 */
export async function sealTo(
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  context: Context,
): Promise<Buffer> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey)
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: contextBytes(context) }, plaintext)
  return Buffer.concat([Buffer.from(enc), Buffer.from(ct)])
}

/**
 * @param privateKey 32 bytes
 * @throws CustodyError `Unverified`, whatever the reason
 */
export async function openWith(
  privateKey: Uint8Array,
  sealed: Uint8Array,
  context: Context,
): Promise<Buffer> {
  try {
    if (sealed.length < ENC_LENGTH + TAG_LENGTH) throw new RangeError('too short')
    const recipientKey = await suite.kem.deserializePrivateKey(privateKey)
    const enc = sealed.slice(0, ENC_LENGTH)
    return Buffer.from(
      await suite.open({ recipientKey, enc, info: contextBytes(context) }, sealed.slice(ENC_LENGTH)),
    )
  } catch {
    throw new CustodyError(
      'Unverified',
      `what was sealed (${context[0]}) does not open: it was sealed to another key, or for another purpose`,
    )
  }
}
