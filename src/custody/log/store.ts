import type { CustodyTransaction } from '../../registry/custody/registry.ts'
import type { HiddenValue } from './entry.ts'
import type { Tile } from './tiles.ts'

/** Where the log lies. The custody registry implements it; what it holds is checked when the log opens. */
export interface LogStore {
  /** The newest head that the log signed, as a signed note; undefined while the log is empty. */
  head(): Promise<string | undefined>
  /** As wide as it has grown. */
  tile(level: number, index: number): Promise<Uint8Array | undefined>
  /** Leaves from `begin` to `end`, the last excluded, in order. */
  leaves(begin: number, end: number): Promise<Uint8Array[]>
  /**
   * Adds leaves behind the first `batch.size`; all or nothing, durable when it resolves.
   * @throws when another has added leaves there, or this custodian is no longer the active one
   */
  append(batch: LogBatch): Promise<void>
  /** The newest head that a witness has cosigned, as a signed note. */
  witnessed(): Promise<string | undefined>
  saveWitnessed(note: string): Promise<void>
  /** What was recorded while the log's key was sealed away, in order. */
  journal(): Promise<JournalRow[]>
  /** Durable when it resolves. @throws when a row of this number is there */
  addToJournal(row: JournalRow, hidden: readonly HiddenValue[]): Promise<void>
}

export interface LogBatch {
  /** Leaves before. */
  readonly size: number
  readonly leaves: readonly Uint8Array[]
  readonly hidden: readonly HiddenValue[]
  /** Every tile that changed, whole. */
  readonly tiles: readonly Tile[]
  /** The new head, signed. */
  readonly head: string
  /** Whether the journal is among the leaves, and so is emptied. */
  readonly journaled: boolean
  /** Writes that belong to the entries: kept with them, or not at all. */
  readonly alongside: readonly Alongside[]
}

export type Alongside = (transaction: CustodyTransaction) => Promise<void>

export interface JournalRow {
  /** From 0. */
  readonly number: number
  readonly leaf: Uint8Array
}
