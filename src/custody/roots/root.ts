import { CustodyError } from '../errors.ts'
import type { WrappingKey } from '../wrap.ts'

/** The kinds of seal under which a root is kept. */
export type SealKind = 'file' | 'passphrase' | 'p12' | 'transit' | 'pkcs11' | 'quorum' | 'hsm+quorum'

/**
 * What the registry keeps so that the provider can open the root again: parameters and ciphertext, never
 * a secret. Read back from a database, so each provider checks it as foreign input.
 */
export type SealRecord = Readonly<Record<string, string | number>>

/** Keeps the root under one kind of seal. */
export interface RootProvider {
  readonly kind: SealKind
  /** Makes the root of a new registry. It may be called again when a first start was cut off. */
  create(): Promise<{ root: WrappingKey; record: SealRecord }>
  /** Opens the root that `create` made. It never makes one. */
  open(record: SealRecord): Promise<WrappingKey>
}

/**
 * Bytes of a record in hex.
 *
 * @throws CustodyError `SealRecordBroken`
 */
export function recordBytes(record: SealRecord, name: string, length: number): Uint8Array {
  const value = record[name]
  if (typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]*$/.test(value)) {
    return new Uint8Array(Buffer.from(value, 'hex'))
  }
  throw recordBroken(`${name} must be ${length} bytes in hex`)
}

/** @throws CustodyError `SealRecordBroken` */
export function recordText(record: SealRecord, name: string, most: number): string {
  const value = record[name]
  if (typeof value === 'string' && value.length > 0 && value.length <= most) return value
  throw recordBroken(`${name} must be text of at most ${most} characters`)
}

export function recordBroken(what: string): CustodyError {
  return new CustodyError(
    'SealRecordBroken',
    `The registry's record of its seal is broken: ${what}. Restore the registry from its backup.`,
  )
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
