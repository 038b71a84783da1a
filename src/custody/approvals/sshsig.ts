import { createHash, verify } from 'node:crypto'
import { CustodyError } from '../errors.ts'
import { readSshBlob, SSH_ALGORITHMS, type SshKey, SshReader } from './ssh-key.ts'

/** A signature that `ssh-keygen -Y sign` made (OpenSSH PROTOCOL.sshsig). */
interface SshSignature {
  readonly key: SshKey
  readonly namespace: string
  readonly hash: 'sha256' | 'sha512'
  readonly signature: Buffer
}

const MAGIC = 'SSHSIG'
const MAX_ARMOUR = 8192

/**
 * Verifies an armoured SSH signature over a message.
 * @param namespace what it must have been made for
 * @returns the key that signed
 * @throws CustodyError `Malformed`, `Unverified`
 */
export function verifySshSignature(armour: string, message: Uint8Array, namespace: string): SshKey {
  const { key, hash, signature, ...read } = readArmour(armour)
  if (read.namespace !== namespace)
    throw new CustodyError(
      'Unverified',
      `the signature was made for another purpose: sign with -n ${namespace}`,
    )
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    ...[namespace, '', hash].map(text => sshString(Buffer.from(text, 'latin1'))),
    sshString(createHash(hash).update(message).digest()),
  ])
  if (!verifyBlob(key, signed, signature))
    throw new CustodyError('Unverified', 'the signature is not of this text: sign just what was shown')
  return key
}

function readArmour(armour: string): SshSignature {
  const body = /^-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END SSH SIGNATURE-----\s*$/.exec(
    armour.slice(0, MAX_ARMOUR),
  )?.[1]
  if (body === undefined)
    throw new CustodyError('Malformed', 'the signature is not in the armour of ssh-keygen -Y sign')
  const reader = new SshReader(Buffer.from(body, 'base64'))
  const magic = reader.take(MAGIC.length).toString('latin1')
  const version = reader.number()
  const key = readSshBlob(reader.bytes())
  const namespace = reader.text()
  const reserved = reader.bytes()
  const hash = reader.text()
  const signature = reader.bytes()
  reader.end()
  if (magic !== MAGIC || version !== 1 || reserved.length > 0 || (hash !== 'sha256' && hash !== 'sha512'))
    throw new CustodyError('Malformed', 'the signature is of a kind that is not known here')
  return { key, namespace, hash, signature }
}

function verifyBlob({ algorithm, key }: SshKey, signed: Buffer, blob: Buffer): boolean {
  const reader = new SshReader(blob)
  if (reader.text() !== algorithm) return false
  const signature = reader.bytes()
  reader.end()
  const { digest, size } = SSH_ALGORITHMS[algorithm]
  if (digest === null) return verify(null, signed, key, signature)
  const numbers = new SshReader(signature)
  const [r, s] = [fixed(numbers.bytes(), size), fixed(numbers.bytes(), size)]
  numbers.end()
  return (
    r !== undefined &&
    s !== undefined &&
    verify(digest, signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat([r, s]))
  )
}

/** An `mpint` (RFC 4251 section 5) as a number of fixed length. */
function fixed(mpint: Buffer, size: number): Buffer | undefined {
  const digits = mpint[0] === 0 ? mpint.subarray(1) : mpint
  return digits.length > size ? undefined : Buffer.concat([Buffer.alloc(size - digits.length), digits])
}

function sshString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
