import type { WrappingKey } from '../wrap.ts'

/** The kinds of seal under which a root is kept. */
export type SealKind = 'file' | 'passphrase'

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
