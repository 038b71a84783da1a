import { ask, Refusal, type Signer } from './custodian.ts'

/** What a new passkey's owner hands to those who propose it. */
export interface NewPasskey {
  readonly fingerprint: string
  readonly key: { readonly kind: 'passkey'; readonly credential: string }
}

/**
 * Makes a passkey that verifies its user and stays on its device, and has the custodian look at it
 * (WebAuthn level 3, section 5.1.3). It may decide nothing until a proposal admits it.
 *
 * @throws Refusal
 */
export async function makePasskey(name: string): Promise<NewPasskey> {
  const options = await ask<PublicKeyCredentialCreationOptionsJSON>('POST', '/v1/passkeys/options', { name })
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const made = await byPerson(() => navigator.credentials.create({ publicKey }))
  return await ask('POST', '/v1/passkeys', { response: made.toJSON() })
}

/**
 * Has a passkey sign a text: the SHA-256 of its UTF-8 is the challenge.
 *
 * @returns the authenticator's response as JSON
 * @throws Refusal
 */
export async function signText(text: string, { credential }: Signer): Promise<string> {
  const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge,
    allowCredentials: [{ type: 'public-key', id: bytesOf(credential) }],
    userVerification: 'required',
  }
  const response = await byPerson(() => navigator.credentials.get({ publicKey }))
  return JSON.stringify(response.toJSON())
}

async function byPerson(act: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await act().catch((error: Error) => {
    throw new Refusal(error.name, 'The passkey did not sign. Try again, with the device that holds it.')
  })
  return credential as PublicKeyCredential
}

function bytesOf(base64url: string): ArrayBuffer {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, character => character.charCodeAt(0)).buffer
}
