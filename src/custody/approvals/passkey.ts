import { createHash } from 'node:crypto'
import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { CustodyError } from '../errors.ts'

/** A passkey of an officer or delegate, as it was registered. */
export type Passkey = {
  /** Base64url. */
  readonly credential: string
  /** COSE key in base64url. */
  readonly publicKey: string
  /** The last one seen; some authenticators stay at 0. */
  readonly counter: number
}

/** Where the console is served: passkeys are bound to it. */
export interface RelyingParty {
  /** Host name. */
  readonly id: string
  /** As `https://console.trustee.example`. */
  readonly origin: string
}

/** SHA-256 over the COSE key, in the manner of SSH. */
export function passkeyFingerprint({ publicKey }: Pick<Passkey, 'publicKey'>): string {
  const hash = createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('base64')
  return `SHA256:${hash.replace(/=+$/, '')}`
}

/**
 * Admits a passkey that verifies its user and stays on its device. A synced one lies with a cloud operator,
 * who must not be able to approve.
 *
 * @param challenge 32 bytes that this custodian gave out, base64url
 * @throws CustodyError `Unverified`, `Refused`
 */
export async function registerPasskey(
  response: RegistrationResponseJSON,
  challenge: string,
  party: RelyingParty,
): Promise<Passkey> {
  const { registrationInfo } = await attempt(() =>
    verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
    }),
  )
  if (!registrationInfo) throw unverified()
  refuseSynced(registrationInfo.credentialDeviceType)
  const { id, publicKey, counter } = registrationInfo.credential
  return { credential: id, publicKey: Buffer.from(publicKey).toString('base64url'), counter }
}

/**
 * Verifies that the passkey signed the text: its SHA-256 is the challenge (WebAuthn level 3, section 7.2).
 * @returns the counter to be kept
 * @throws CustodyError `Unverified`, `Refused`
 */
export async function verifyPasskey(
  response: AuthenticationResponseJSON,
  text: string,
  passkey: Passkey,
  party: RelyingParty,
): Promise<number> {
  const { verified, authenticationInfo } = await attempt(() =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challengeOf(text),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential: {
        id: passkey.credential,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        counter: passkey.counter,
      },
      requireUserVerification: true,
    }),
  )
  if (!verified || response.id !== passkey.credential) throw unverified()
  refuseSynced(authenticationInfo.credentialDeviceType)
  return authenticationInfo.newCounter
}

/** What the authenticator signs for a text: SHA-256, base64url. */
export const challengeOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

function refuseSynced(device: 'singleDevice' | 'multiDevice'): void {
  if (device === 'multiDevice')
    throw new CustodyError(
      'Refused',
      'the passkey is synced to a cloud: register one that stays on its device',
    )
}

async function attempt<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch {
    throw unverified()
  }
}

const unverified = (): CustodyError =>
  new CustodyError('Unverified', 'the passkey did not sign this: reload the page and sign what it shows')
