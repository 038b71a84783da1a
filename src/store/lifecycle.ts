import type { Tag } from './tag.ts'

/** One rule of a bucket's lifecycle configuration. Sizes count the store's bytes: ciphertext. */
export interface LifecycleRule {
  /** At most 255 characters; the store invents one where the client gave none. */
  readonly id?: string
  readonly enabled: boolean
  readonly scope: LifecycleScope
  readonly expiration?: Expiration
  readonly noncurrentExpiration?: NoncurrentExpiration
  /** Days after which an upload that was begun and not completed is aborted. */
  readonly abortUploadsAfterDays?: number
  readonly transitions?: readonly Transition[]
  readonly noncurrentTransitions?: readonly NoncurrentTransition[]
}

/** Which objects a rule concerns: those for which all that is named here holds. */
export interface LifecycleScope {
  /** How the client wrote it, so that it reads back the same: `<Prefix>` in the rule, `<Filter>`, or `<Filter><And>`. */
  readonly form: 'prefix' | 'filter' | 'and'
  readonly prefix?: string
  readonly tags?: readonly Tag[]
  readonly largerThan?: number
  readonly smallerThan?: number
}

/** When a current version ends. The third form removes delete markers behind which no version is left. */
export type Expiration =
  | { readonly days: number }
  | { readonly date: Date }
  | { readonly expiredDeleteMarkers: boolean }

export interface NoncurrentExpiration {
  /** Days since a newer version took its place. */
  readonly days: number
  /** So many of the newest noncurrent versions stay whatever their age. */
  readonly keep?: number
}

export type Transition = { readonly storageClass: string } & (
  | { readonly days: number }
  | { readonly date: Date }
)
export type NoncurrentTransition = NoncurrentExpiration & { readonly storageClass: string }
