import { hkdfSync } from 'node:crypto'

const HALF_BYTES = 32
const FINGERPRINT_BYTES = 16

/** The customer's half of a split tenant's wrapping keys. The trustee never has it. */
export interface CustomerHalf {
  /** 32 bytes. */
  readonly bytes: Uint8Array
  /** By which the custodian knows it, and which tells nothing of it: 32 hex digits. */
  readonly fingerprint: string
}

/**
 * Reads a half as its file has it: base64, with white space around.
 * @throws RangeError
 */
export function readHalf(text: string): CustomerHalf {
  const bytes = new Uint8Array(Buffer.from(text.trim(), 'base64'))
  if (bytes.length !== HALF_BYTES || Buffer.from(bytes).toString('base64') !== text.trim())
    throw new RangeError("a customer's half is 32 bytes in base64")
  return { bytes, fingerprint: halfFingerprint(bytes) }
}

/** docs/custody-formats.md, "The customer's half". */
export function halfFingerprint(half: Uint8Array): string {
  const made = hkdfSync('sha256', half, new Uint8Array(0), 'treuhand/half-fingerprint/v1', FINGERPRINT_BYTES)
  return Buffer.from(made).toString('hex')
}
