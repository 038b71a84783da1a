import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { Json } from '../canonical.ts'
import { CustodyError } from '../errors.ts'
import { type Passkey, passkeyFingerprint, type RelyingParty, verifyPasskey } from './passkey.ts'
import { readSshKey, sshFingerprint } from './ssh-key.ts'
import { verifySshSignature } from './sshsig.ts'

export type ApproverRole = 'officer' | 'delegate'

/** Somebody who may approve, known by a key and never by a name. */
export type Approver = {
  readonly role: ApproverRole
  /** The trustee or the customer, or a further party. */
  readonly party: string
  /** Tells persons apart without naming them: whoever has two keys still counts once. */
  readonly person: string
  readonly key: ApproverKey
}

export type ApproverKey =
  | { readonly kind: 'ssh' /** A line of a `.pub` file. */; readonly line: string }
  | ({ readonly kind: 'passkey' } & Passkey)

export const NAMESPACE = 'treuhand-approval'

export function fingerprintOf(key: ApproverKey): string {
  return key.kind === 'ssh' ? sshFingerprint(readSshKey(key.line)) : passkeyFingerprint(key)
}

/**
 * Verifies that the approver's key signed the text.
 * @param signature SSH armour, or the authenticator's response as JSON
 * @returns the key as it is to be kept, with a passkey's counter
 * @throws CustodyError `Malformed`, `Unverified`, `Refused`
 */
export async function verifySignature(
  key: ApproverKey,
  text: string,
  signature: string,
  party: RelyingParty | undefined,
): Promise<ApproverKey> {
  if (key.kind === 'ssh') {
    const signer = verifySshSignature(signature, Buffer.from(text), NAMESPACE)
    if (!signer.blob.equals(readSshKey(key.line).blob))
      throw new CustodyError('Unverified', 'the signature is by another key than the text names')
    return key
  }
  if (!party) throw new CustodyError('Refused', 'this custodian has no console, so passkeys cannot be used')
  const counter = await verifyPasskey(readResponse(signature), text, key, party)
  return { ...key, counter }
}

function readResponse(signature: string): AuthenticationResponseJSON {
  try {
    const response = JSON.parse(signature) as AuthenticationResponseJSON
    if (typeof response.id === 'string' && typeof response.response === 'object') return response
  } catch {
    // Said below.
  }
  throw new CustodyError('Malformed', 'the signature is not the response of an authenticator')
}

/** @throws CustodyError `Malformed` */
export function readApprover(value: Json): Approver {
  const { role: named, party, person, key } = value as Record<string, Json>
  const role = named === 'officer' || named === 'delegate' ? named : undefined
  const known = key as Record<string, Json> | undefined
  const isKey =
    known?.['kind'] === 'ssh'
      ? typeof known['line'] === 'string'
      : known?.['kind'] === 'passkey' &&
        typeof known['credential'] === 'string' &&
        typeof known['publicKey'] === 'string' &&
        typeof known['counter'] === 'number'
  if (role === undefined || typeof party !== 'string' || typeof person !== 'string' || !isKey)
    throw new CustodyError('Malformed', 'an approver has a role, a party, a person and a key')
  const approver: Approver = { role, party, person, key: known as unknown as ApproverKey }
  fingerprintOf(approver.key)
  return approver
}
