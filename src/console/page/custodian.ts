import { base64url } from './encoding.ts'

/** What the page hears from the custodian that served it, as `/v1/openapi.json` describes it. */

export interface Status {
  readonly origin: string
  readonly state: 'uninitialised' | 'sealed' | 'unsealed' | 'killed' | 'forked' | 'restored'
  readonly stops: readonly { readonly kind: string; readonly scope: string; readonly reason?: string }[]
  readonly log?: { readonly size: number; readonly root: string }
  readonly witness?: { readonly state: string; readonly skew: number; readonly leasesUntil?: number }
}

/** A passkey that may decide. */
export interface Signer {
  readonly fingerprint: string
  readonly credential: string
  readonly role: 'officer' | 'delegate'
  readonly party: string
}

export interface KeptProposal {
  readonly id: string
  readonly body: {
    readonly document: string
    readonly state: string
    readonly decisions: readonly { readonly text: string; readonly role: string }[]
    readonly readyAt: number
    readonly outcome: string
  }
}

/** What a person asks for at their own word. */
export interface SignedRequest {
  readonly document: string
  readonly signature: string
}

/** A refusal, in the custodian's own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Shows a token. */
export const bearer = (token: string): string => `Bearer ${token}`

/** Shows a request that a person signed, where the call has no room for it in its body. */
export function signedBy({ document, signature }: SignedRequest): string {
  return `Signed ${base64url(document)}.${base64url(signature)}`
}

/**
 * @param authorization of whoever asks: `bearer`, `signedBy`
 * @throws Refusal
 */
export async function ask<Answer>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  authorization?: string,
): Promise<Answer> {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(authorization !== undefined && { authorization }),
  }
  const request = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const answer = await fetch(path, request).catch(() => {
    throw new Refusal('Unreachable', 'The custodian does not answer. Look at the network and at its process.')
  })
  const json = await answer.json()
  if (answer.ok) return json as Answer
  throw new Refusal(String(json.code), String(json.message))
}
