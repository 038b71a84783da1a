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
    throw doesNotOpen(context)
  }
}

/** Seals one piece after the other to one recipient: none can be left out, moved or taken from another stream. */
export interface PieceSealer {
  /** The encapsulated key, 32 bytes, which stands before the pieces. */
  readonly enc: Buffer
  /** @param last whether the stream ends with this piece */
  seal(piece: Uint8Array, last: boolean): Promise<Buffer>
}

/** A stream of pieces by one HPKE context (RFC 9180, section 5.2): each has the next sequence number. */
export async function sealPiecesTo(publicKey: Uint8Array, context: Context): Promise<PieceSealer> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey)
  const sender = await suite.createSenderContext({ recipientPublicKey, info: contextBytes(context) })
  return {
    enc: Buffer.from(sender.enc),
    seal: async (piece, last) => Buffer.from(await sender.seal(piece, isLast(last))),
  }
}

/**
 * @returns opens the next piece
 * @throws CustodyError `Unverified`
 */
export async function openPiecesWith(
  privateKey: Uint8Array,
  enc: Uint8Array,
  context: Context,
): Promise<(sealed: Uint8Array, last: boolean) => Promise<Buffer>> {
  const recipientKey = await suite.kem.deserializePrivateKey(privateKey)
  const recipient = await suite
    .createRecipientContext({ recipientKey, enc, info: contextBytes(context) })
    .catch(() => {
      throw doesNotOpen(context)
    })
  return async (sealed, last) => {
    try {
      return Buffer.from(await recipient.open(sealed, isLast(last)))
    } catch {
      throw doesNotOpen(context)
    }
  }
}

const isLast = (last: boolean): Uint8Array => Uint8Array.of(last ? 1 : 0)

function doesNotOpen([label]: Context): CustodyError {
  return new CustodyError(
    'Unverified',
    `what was sealed (${label}) does not open: it was sealed to another key, or for another purpose`,
  )
}
