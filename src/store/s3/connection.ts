import { StoreError, StoreUnavailable } from '../errors.ts'
import type { PayloadForm } from './framing.ts'
import type { Origins } from './origins.ts'
import type { Signer } from './signature.ts'
import type { Targets } from './targets.ts'
import type { TrailingChecksum } from './trailing-checksum.ts'

/** What all requests to one store, under one credential, share. */
export interface Connection {
  readonly targets: Targets
  readonly signer: Signer
  readonly origins: Origins
  /** The same servers, for requests that take them as long as there are bytes. */
  readonly patientOrigins: Origins
  readonly abilities: Abilities
  /** Checksums that may go behind a payload, whether the store takes them or not. */
  readonly checksums: readonly TrailingChecksum[]
  /** Sounds the alarm where a failure deserves it. */
  readonly watch: (failure: unknown) => void
}

/** What the store can do, as the probe found it. */
export interface Abilities {
  /** The forms in which it takes the payloads of objects and of parts. */
  readonly objectForm: PayloadForm
  readonly partForm: PayloadForm
  /** Algorithms of checksums that it takes behind an object. */
  readonly checksums: readonly string[]
  /** Requests whose conditions it obeys. */
  readonly conditions: Readonly<Record<Conditional, boolean>>
}

export type Conditional = 'put' | 'complete' | 'delete' | 'copy-source'

/**
 * Refuses a condition that the store would not look at: doing the unconditional thing instead loses data.
 * @throws StoreError `NotImplemented`
 */
export function assertObeyed(connection: Connection, request: Conditional, conditions: object): void {
  const asked = Object.values(conditions).some(value => value !== undefined)
  if (asked && !connection.abilities.conditions[request]) throw new StoreError('NotImplemented', 501)
}

/** Something that an honest and healthy store does not do. */
export interface StoreAlarm {
  readonly reason: 'redirect' | 'protocol' | 'credential'
  readonly detail: string
}

/** What looks at every failure, to tell of those that nobody should only retry. */
export function watchman(alarm: (alarm: StoreAlarm) => void): Connection['watch'] {
  return failure => {
    if (!(failure instanceof StoreUnavailable)) return
    const { reason, message } = failure
    if (reason === 'redirect' || reason === 'protocol' || reason === 'credential')
      alarm({ reason, detail: message })
  }
}
