import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KnownKey } from '../access.ts'
import type { Scope } from './scope.ts'

const hmac = (key: string | Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text, 'latin1').digest()

/** Hexadecimal, as a signature stands on the wire. */
export function signature(signingKey: Uint8Array, stringToSign: string): string {
  return createHmac('sha256', signingKey).update(stringToSign, 'latin1').digest('hex')
}

/** Compares two signatures in constant time. What is given may hold anything, so it is the bytes that count. */
export function sameSignature(expected: string, given: string): boolean {
  const [ours, theirs] = [Buffer.from(expected), Buffer.from(given)]
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}

/** Octets as S3 shows them beside what did not verify, so that a stray one can be seen. */
export const hexBytes = (octets: string): string =>
  Buffer.from(octets, 'latin1')
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ')

/** "Derive a signing key", AWS IAM User Guide. */
export function signingKey(secret: string, { day, region, service }: Scope): Buffer {
  const dated = hmac(Buffer.from(`AWS4${secret}`, 'utf8'), day)
  return hmac(hmac(hmac(dated, region), service), 'aws4_request')
}

/** Keys kept at most; each is good for one access key and day. */
const MAX_KEPT = 1000

/** The signing keys in use: deriving one takes four HMACs, as much as the rest of a verification. */
export class SigningKeys {
  readonly #kept = new Map<string, { readonly secret: string; readonly key: Buffer }>()

  of(accessKey: KnownKey, scope: Scope): Uint8Array {
    if ('signingKey' in accessKey) return accessKey.signingKey
    const { secret } = accessKey
    const name = `${scope.accessKeyId}/${scope.day}/${scope.region}`
    const kept = this.#kept.get(name)
    if (kept?.secret === secret) return kept.key
    const key = signingKey(secret, scope)
    this.#kept.delete(name)
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(name, { secret, key })
    return key
  }
}
