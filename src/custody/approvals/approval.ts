import { CustodyError } from '../errors.ts'

export type Decision = 'approve' | 'reject' | 'veto'

/** What a person signs. */
export interface Approval {
  readonly origin: string
  readonly decision: Decision
  /** The proposal's SHA-256, hex. */
  readonly proposal: string
  /** Fingerprint of the key that signs. */
  readonly signer: string
  /** Milliseconds since 1970, after which it counts no more. */
  readonly expires: number
  /** 16 random bytes in base64url, used once. */
  readonly nonce: string
}

const LABEL = 'treuhand/approval/v1'

/** Seven lines, which a person can read before signing. */
export function approvalText(approval: Approval): string {
  const { origin, decision, proposal, signer, expires, nonce } = approval
  return `${[LABEL, origin, decision, proposal, signer, expires, nonce].join('\n')}\n`
}

/** @throws CustodyError `Malformed` for any text that `approvalText` does not write */
export function readApproval(text: string): Approval {
  const [label, origin, decision, proposal, signer, expires, nonce, end, ...more] = text
    .slice(0, 4096)
    .split('\n')
  const approval = {
    origin: origin!,
    decision: decision as Decision,
    proposal: proposal!,
    signer: signer!,
    expires: Number(expires),
    nonce: nonce!,
  }
  const right =
    label === LABEL &&
    /^(approve|reject|veto)$/.test(approval.decision) &&
    /^[0-9a-f]{64}$/.test(approval.proposal) &&
    /^SHA256:[A-Za-z0-9+/]{43}$/.test(approval.signer) &&
    /^[1-9][0-9]{0,15}$/.test(expires ?? '') &&
    Number.isSafeInteger(approval.expires) &&
    /^[A-Za-z0-9_-]{22}$/.test(approval.nonce) &&
    end === '' &&
    more.length === 0
  if (!right)
    throw new CustodyError(
      'Malformed',
      'the text is not an approval: let the program write it, and sign that',
    )
  return approval
}
