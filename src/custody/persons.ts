import { type ApproverKey, verifySignature } from './approvals/approver.ts'
import type { Custody } from './custody.ts'
import { CustodyError } from './errors.ts'
import type { OfficerRecord, TokenRecord } from './people.ts'

/**
 * Verifies that an officer or delegate signed the text.
 *
 * @param fingerprint of the key
 * @param records those of the unsealed custodian, or of one that is about to be
 * @throws CustodyError `Refused`, `Unverified`, `Malformed`
 */
export async function verifyPerson(
  custody: Custody,
  fingerprint: string,
  text: string,
  signature: string,
  records = custody.opened().records,
): Promise<void> {
  const officer = await records.find<OfficerRecord>('officer', fingerprint)
  if (officer?.body.state !== 'active') throw new CustodyError('Refused', 'This key belongs to nobody here.')
  const key = await verifySignature(officer.body.key, text, signature, custody.console)
  if (key !== officer.body.key) await keepCounter(custody, fingerprint, key)
}

/** Keeps a passkey's counter, so that a copied device is noticed. */
export async function keepCounter(custody: Custody, fingerprint: string, key: ApproverKey): Promise<void> {
  const kept = await custody.deciding().records.find<OfficerRecord>('officer', fingerprint)
  if (!kept) return
  const entry = { type: 'custodian', at: custody.now(), body: { counter: fingerprint } } as const
  await custody.keep('officer', fingerprint, kept, { ...kept.body, key }, entry)
}

/**
 * The person who answers for what was proposed: the holder of a key, or whoever made a token.
 *
 * @param proposer fingerprint of a key, or id of a token
 * @returns undefined where key or token, or the person behind it, counts no more
 */
export async function personBehind(custody: Custody, proposer: string): Promise<string | undefined> {
  const { records } = custody.deciding()
  const token = await records.find<TokenRecord>('token', proposer)
  if (token && (token.body.state !== 'valid' || token.body.expires <= custody.now())) return undefined
  const officer = await records.find<OfficerRecord>('officer', token?.body.by ?? proposer)
  return officer?.body.state === 'active' ? officer.body.person : undefined
}
