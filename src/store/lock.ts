/** Object lock as S3 has it: a version that is locked cannot be deleted before its time. */

/** GOVERNANCE yields to who may bypass it; COMPLIANCE to nobody. */
export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE'

export interface Retention {
  readonly mode: RetentionMode
  readonly until: Date
}

/** What every new version of a bucket gets where its request names nothing else. */
export interface DefaultRetention {
  readonly mode: RetentionMode
  readonly period: { readonly days: number } | { readonly years: number }
}

/** Object lock is on; once on, a bucket keeps it. */
export interface LockConfiguration {
  readonly defaultRetention?: DefaultRetention
}
