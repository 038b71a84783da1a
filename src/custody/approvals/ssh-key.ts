import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { CustodyError } from '../errors.ts'

/** An SSH public key (RFC 4253 section 6.6): Ed25519 (RFC 8709) or ECDSA over a NIST curve (RFC 5656). */
export interface SshKey {
  readonly algorithm: SshAlgorithm
  /** The wire form, which the fingerprint is of. */
  readonly blob: Buffer
  readonly key: KeyObject
}

/** By algorithm: JWK curve, bytes of a coordinate, and the digest that ECDSA signs with. */
export const SSH_ALGORITHMS = {
  'ssh-ed25519': { curve: 'Ed25519', size: 32, digest: null },
  'ecdsa-sha2-nistp256': { curve: 'P-256', size: 32, digest: 'sha256' },
  'ecdsa-sha2-nistp384': { curve: 'P-384', size: 48, digest: 'sha384' },
  'ecdsa-sha2-nistp521': { curve: 'P-521', size: 66, digest: 'sha512' },
} as const
export type SshAlgorithm = keyof typeof SSH_ALGORITHMS

/**
 * Reads a line of a `.pub` file: algorithm, Base64, and a comment that is passed over.
 * @throws CustodyError `Malformed`
 */
export function readSshKey(line: string): SshKey {
  const [, algorithm, base64] = /^(\S{1,64}) ([A-Za-z0-9+/=]{1,1024})(?: .*)?\s*$/.exec(line) ?? []
  const key = readSshBlob(Buffer.from(base64 ?? '', 'base64'))
  if (key.algorithm !== algorithm) throw malformed('its first word is not the algorithm of the key')
  return key
}

/** @throws CustodyError `Malformed` */
export function readSshBlob(blob: Buffer): SshKey {
  const reader = new SshReader(blob)
  const algorithm = reader.text()
  if (!Object.hasOwn(SSH_ALGORITHMS, algorithm))
    throw malformed(`its algorithm is not one of ${Object.keys(SSH_ALGORITHMS).join(', ')}`)
  const { curve, size } = SSH_ALGORITHMS[algorithm as SshAlgorithm]
  if (curve !== 'Ed25519' && reader.text() !== algorithm.replace('ecdsa-sha2-', ''))
    throw malformed('its curve is another')
  const point = reader.bytes()
  reader.end()
  return { algorithm: algorithm as SshAlgorithm, blob, key: keyOf(curve, size, point) }
}

function keyOf(curve: string, size: number, point: Buffer): KeyObject {
  const b64 = (bytes: Buffer) => bytes.toString('base64url')
  try {
    if (curve === 'Ed25519' && point.length === size)
      return createPublicKey({ key: { kty: 'OKP', crv: curve, x: b64(point) }, format: 'jwk' })
    if (point.length === 1 + 2 * size && point[0] === 4) {
      const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)]
      return createPublicKey({ key: { kty: 'EC', crv: curve, x: b64(x), y: b64(y) }, format: 'jwk' })
    }
  } catch {
    // Not a point of the curve.
  }
  throw malformed('its point is not on the curve')
}

/** `SHA256:…` as `ssh-keygen -l` shows it. */
export function sshFingerprint({ blob }: SshKey): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** Reads the strings of RFC 4251 section 5, each behind its length in four bytes. */
export class SshReader {
  #rest: Buffer

  constructor(bytes: Buffer) {
    this.#rest = bytes
  }

  take(length: number): Buffer {
    if (length > this.#rest.length) throw malformed('it is cut short')
    const bytes = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return bytes
  }

  number(): number {
    return this.take(4).readUInt32BE(0)
  }

  bytes(): Buffer {
    return this.take(this.number())
  }

  text(): string {
    return this.bytes().toString('latin1')
  }

  end(): void {
    if (this.#rest.length > 0) throw malformed('bytes stand behind its end')
  }
}

const malformed = (why: string): CustodyError =>
  new CustodyError('Malformed', `this is not an SSH key or signature: ${why}`)
