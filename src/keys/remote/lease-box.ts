import {
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from 'node:crypto'

/**
 * Where the keys of one lease call arrive: sealed to this box by HPKE (RFC 9180, base mode with DHKEM(X25519,
 * HKDF-SHA256), HKDF-SHA256, AES-256-GCM), though they come over TLS. What TLS decrypts stands in buffers of the
 * runtime that nobody can overwrite, until chance does; a core dump would show it long after the lease.
 *
 * The recipient's half of the RFC by node:crypto alone, so that each byte of it can be overwritten.
 */
export class LeaseBox {
  /** 32 bytes, for the custodian. */
  readonly publicKey: Buffer
  readonly #pair = generateKeyPairSync('x25519')

  constructor() {
    this.publicKey = this.#pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-KEY)
  }

  /**
   * @param sealed encapsulated key (32 bytes) ‖ ciphertext ‖ tag (16 bytes)
   * @throws Error where it was not sealed to this box, for this purpose
   */
  open(sealed: Buffer): Buffer {
    const enc = sealed.subarray(0, KEY)
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI_X25519, enc]), format: 'der', type: 'spki' })
    const dh = diffieHellman({ privateKey: this.#pair.privateKey, publicKey })
    // DHKEM's ExtractAndExpand (4.1), then KeySchedule (5.1).
    const prk = labeledExtract(KEM, NOTHING, 'eae_prk', dh)
    const shared = labeledExpand(KEM, prk, 'shared_secret', Buffer.concat([enc, this.publicKey]), KEY)
    const secret = labeledExtract(SUITE, shared, 'secret', NOTHING)
    const key = labeledExpand(SUITE, secret, 'key', SCHEDULE, KEY)
    const nonce = labeledExpand(SUITE, secret, 'base_nonce', SCHEDULE, NONCE)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
    for (const used of [dh, prk, shared, secret, key]) used.fill(0)
    decipher.setAuthTag(sealed.subarray(-TAG))
    const opened = decipher.update(sealed.subarray(KEY, -TAG))
    decipher.final()
    return opened
  }
}

const KEY = 32
const NONCE = 12
const TAG = 16
const NOTHING = Buffer.alloc(0)
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex')
const KEM = Buffer.from('KEM\x00\x20', 'latin1')
const SUITE = Buffer.from('HPKE\x00\x20\x00\x01\x00\x02', 'latin1')

/** What is sealed here: the context of one field, behind its length (docs/custody-formats.md, "Contexts"). */
const INFO = Buffer.from('\x00\x11treuhand/lease/v1', 'latin1')

/** Mode base, no PSK. */
const SCHEDULE = Buffer.concat([
  Uint8Array.of(0),
  labeledExtract(SUITE, NOTHING, 'psk_id_hash', NOTHING),
  labeledExtract(SUITE, NOTHING, 'info_hash', INFO),
])

/** LabeledExtract of RFC 9180, section 4. */
function labeledExtract(suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer {
  return createHmac('sha256', salt).update('HPKE-v1').update(suite).update(label).update(ikm).digest()
}

/** LabeledExpand, for no more than one block. */
function labeledExpand(suite: Buffer, prk: Buffer, label: string, info: Buffer, length: number): Buffer {
  return createHmac('sha256', prk)
    .update(Uint8Array.of(0, length))
    .update('HPKE-v1')
    .update(suite)
    .update(label)
    .update(info)
    .update(Uint8Array.of(1))
    .digest()
    .subarray(0, length)
}
