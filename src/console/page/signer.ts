import { ask, type Signer } from './custodian.ts'
import { signText } from './passkey.ts'
import { newNonce } from './proposal.ts'

const EIGHT_HOURS = 8 * 3_600_000

/**
 * Lets a person look around: their passkey signs the request for an auditor's token, which lives in this
 * page's memory for eight hours at most. What decides anything is signed by itself.
 */
export async function signIn(origin: string, signer: Signer): Promise<string> {
  // Its names are in order, so that this is the canonical form (RFC 8785).
  const document = JSON.stringify({
    act: 'token',
    at: Date.now(),
    by: signer.fingerprint,
    label: 'treuhand/request/v1',
    nonce: newNonce(),
    origin,
    params: { lifetime: EIGHT_HOURS, networks: [], scope: 'auditor' },
  })
  const signature = await signText(document, signer)
  const { secret } = await ask<{ secret: string }>('POST', '/v1/requests', { document, signature })
  return secret
}
