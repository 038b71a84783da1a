/** A destruction of group keys, from the bar to the certificate. Its id is the proposal's. */
export type ErasureRecord = {
  readonly tenant: string
  /** Ids in hex, or `*` alone for all that the tenant had. */
  readonly keys: readonly string[]
  readonly state: 'barred' | 'destroyed' | 'erased'
  /** What was overwritten, as the statements tell it. */
  readonly destroyed: Destroyed | null
  /** SHA-256 of the newest signed statement, hex; empty before the first. */
  readonly statement: string
}

type Destroyed = {
  /** Milliseconds since 1970 by the witness's clock. */
  readonly at: number
  readonly keys: number
  /** SHA-256 over the keys' ids in hex, sorted, a newline between: for whoever has the list. */
  readonly ids: string
  /** When the last backup that may hold them expires. */
  readonly backupsUntil: number
  /** Whether keys of the tenant were exported before: whoever has the export and its key still reads. */
  readonly exported: boolean
}
