import { ask, type SignedRequest, type Signer } from './custodian.ts'
import { newNonce } from './encoding.ts'
import { signText } from './passkey.ts'

const EIGHT_HOURS = 8 * 3_600_000

/** A person at the page, who may look by this token. */
export interface Person {
  readonly signer: Signer
  readonly token: string
}

/**
 * Lets a person look around: their passkey signs the request for an auditor's token, which lives in this
 * page's memory for eight hours at most. What decides anything is signed by itself.
 */
export async function signIn(origin: string, signer: Signer): Promise<string> {
  const params = { lifetime: EIGHT_HOURS, networks: [], scope: 'auditor' }
  const word = await signRequest(origin, signer, 'token', params)
  const { secret } = await ask<{ secret: string }>('POST', '/v1/requests', word)
  return secret
}

/**
 * What a person asks for at their own word, signed by their passkey.
 *
 * @param params with their names in order, so that the document is in canonical form (RFC 8785)
 * @throws Refusal
 */
export async function signRequest(
  origin: string,
  signer: Signer,
  act: string,
  params: Readonly<Record<string, unknown>>,
): Promise<SignedRequest> {
  const document = JSON.stringify({
    act,
    at: Date.now(),
    by: signer.fingerprint,
    label: 'treuhand/request/v1',
    nonce: newNonce(),
    origin,
    params,
  })
  return { document, signature: await signText(document, signer) }
}
