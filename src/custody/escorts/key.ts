import { createHash, createHmac } from 'node:crypto'
import { sealTo } from '../hpke.ts'
import type { Kept, Records } from '../records.ts'
import type { EscortRecord } from './record.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Names an escorted access, and its access key: `TH0` and 17 letters of a digest of the proposal that made it. No
 * proxy's own access key has a 0.
 */
export function escortId(proposal: string): string {
  const hash = createHash('sha256').update(`treuhand/escort-id/v1\0${proposal}`).digest()
  return `TH0${Array.from(hash.subarray(0, 17), byte => LETTERS[byte & 31]).join('')}`
}

export const ESCORT_ID = '^TH0[A-Z2-7]{17}$'

/**
 * The secret of an escorted access: 40 characters, derived anew from the custodian's key whenever it is needed, so
 * that it stands nowhere, neither in the registry nor in the log.
 */
const secretOf = (records: Records, id: string): string =>
  records.derive(['treuhand/escort-secret/v1', id]).toString('base64url').slice(0, 40)

/** What whoever is let in gets. */
export interface EscortKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly bucket: string
  readonly prefixes: readonly string[]
  /** Milliseconds since 1970. */
  readonly until: number
}

export const escortKeyContext = (origin: string, id: string) =>
  ['treuhand/escort-key/v1', origin, id] as const

/** The key as JSON, sealed to its recipient by HPKE: nobody else can open it. */
export async function sealEscortKey(
  records: Records,
  origin: string,
  { id, body }: Kept<EscortRecord>,
): Promise<Buffer> {
  const { bucket, prefixes, until, recipient } = body
  const key: EscortKey = {
    accessKeyId: id,
    secretAccessKey: secretOf(records, id),
    bucket,
    prefixes,
    until,
  }
  const text = Buffer.from(JSON.stringify(key))
  return await sealTo(Buffer.from(recipient, 'base64url'), text, escortKeyContext(origin, id))
}

/**
 * The key by which a proxy verifies requests of one day in one region ("Derive a signing key", AWS IAM User Guide).
 * The secret does not follow from it.
 *
 * @param day `20260131`
 * @returns 32 bytes
 */
export function escortSigningKey(records: Records, id: string, day: string, region: string): Buffer {
  const steps = [day, region, 's3', 'aws4_request']
  const first = Buffer.from(`AWS4${secretOf(records, id)}`)
  return steps.reduce((key, step) => createHmac('sha256', key).update(step).digest(), first)
}
