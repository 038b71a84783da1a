import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { approvalText, type Decision } from '../../../src/custody/approvals/approval.ts'
import { NAMESPACE } from '../../../src/custody/approvals/approver.ts'
import { readSshKey, sshFingerprint } from '../../../src/custody/approvals/ssh-key.ts'

const lp = (bytes: Uint8Array | string): Buffer => {
  const body = Buffer.from(bytes as Uint8Array)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** A person with an Ed25519 SSH key, who signs as `ssh-keygen -Y sign` does. */
export class SshSigner {
  readonly line: string
  readonly fingerprint: string
  readonly #key: KeyObject
  readonly #blob: Buffer

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
    this.#key = privateKey
    this.#blob = Buffer.concat([lp('ssh-ed25519'), lp(point)])
    this.line = `ssh-ed25519 ${this.#blob.toString('base64')} somebody`
    this.fingerprint = sshFingerprint(readSshKey(this.line))
  }

  sign(text: string, namespace = NAMESPACE): string {
    const hash = createHash('sha512').update(text).digest()
    const signed = Buffer.concat([Buffer.from('SSHSIG'), lp(namespace), lp(''), lp('sha512'), lp(hash)])
    const signature = Buffer.concat([lp('ssh-ed25519'), lp(sign(null, signed, this.#key))])
    const version = Buffer.from([0, 0, 0, 1])
    const body = Buffer.concat([
      Buffer.from('SSHSIG'),
      version,
      lp(this.#blob),
      lp(namespace),
      lp(''),
      lp('sha512'),
      lp(signature),
    ])
    const lines = body.toString('base64').match(/.{1,70}/g)!
    return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`
  }

  decide(
    proposal: string,
    about: { origin: string; expires: number; decision?: Decision; nonce?: string },
  ): [string, string] {
    const { origin, expires, decision = 'approve', nonce = randomBytes(16).toString('base64url') } = about
    const text = approvalText({ origin, decision, proposal, signer: this.fingerprint, expires, nonce })
    return [text, this.sign(text)]
  }
}
