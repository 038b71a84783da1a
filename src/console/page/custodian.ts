/** What the page hears from the custodian that served it, as `/v1/openapi.json` describes it. */

export interface Status {
  readonly origin: string
  readonly state: 'uninitialised' | 'sealed' | 'unsealed' | 'killed' | 'forked' | 'restored'
  readonly stops: readonly { readonly kind: string; readonly scope: string; readonly reason: string }[]
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

/** A refusal, in the custodian's own words. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** @throws Refusal */
export async function ask<Answer>(
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  token?: string,
): Promise<Answer> {
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const request = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const answer = await fetch(path, request).catch(() => {
    throw new Refusal('Unreachable', 'The custodian does not answer. Look at the network and at its process.')
  })
  const json = await answer.json()
  if (answer.ok) return json as Answer
  throw new Refusal(String(json.code), String(json.message))
}
