import type { CustodyRegistry } from '../registry/custody/registry.ts'
import type { RelyingParty } from './approvals/passkey.ts'
import type { GroupKeyRow } from './group-key-row.ts'
import type { Signer } from './log/note.ts'
import type { WitnessClient } from './log/witness-client.ts'
import type { WitnessAlarm } from './log/witnessing.ts'

export type CustodyAlarm = WitnessAlarm | 'old-keys-held'

export interface CustodyOptions {
  readonly registry: CustodyRegistry
  /** The log's name, as `custodian.example/treuhand`. */
  readonly origin: string
  readonly now: () => number
  readonly witness?: WitnessClient
  /** Where the console is served, if it is. */
  readonly console?: RelyingParty
  /** Keeps each new group key elsewhere before it seals anything; signs by the log's key. */
  readonly secure?: (row: GroupKeyRow, log: Signer) => Promise<void>
  /** Hears what somebody should look at. */
  readonly onAlarm: (alarm: CustodyAlarm, sentence: string) => void
}
