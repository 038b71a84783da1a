import { NoLease } from '../keys/custodian.ts'
import type { Dek } from '../seal/dek.ts'
import type { Envelope } from '../seal/envelope.ts'
import { DoesNotOpen } from '../seal/errors.ts'
import {
  expectStoredLength,
  type Metadata,
  openMetadata,
  readStoredHeaders,
  type StoredHeaders,
} from '../seal/metadata.ts'
import type { StoredHead } from '../store/store.ts'
import { ObjectError } from './errors.ts'
import type { ObjectName } from './object.ts'
import type { Alarm, Room } from './room.ts'

/** A stored object whose envelope and metadata verified under its name. */
export interface Unsealed {
  readonly dek: Dek
  readonly envelope: Envelope
  readonly metadata: Metadata
  readonly groupKeyId: string
  /** The end of the group key's lease, which ends whatever reads the object. */
  readonly ended: AbortSignal
}

/**
 * Opens what stands beside a stored object. Whoever gets the result wipes the DEK when done, or hands both on.
 * @throws ObjectError `NotSealed`, `DoesNotOpen`
 * @throws NoLease
 */
export async function unsealHead(room: Room, name: ObjectName, stored: StoredHead): Promise<Unsealed> {
  const unsealed = await unsealHeaders(room, name, stored)
  return orWiped(unsealed.dek, async () =>
    verifying(room, name, 'length', () => {
      expectStoredLength(unsealed.metadata, stored.length)
      return unsealed
    }),
  )
}

/** Goes on with an open DEK, and overwrites it where that fails: then nobody else will. */
export async function orWiped<T>(dek: Dek, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    dek.wipe()
    throw error
  }
}

/** As `unsealHead`, where nothing is stored yet: an upload in progress. */
export async function unsealHeaders(room: Room, name: ObjectName, headers: StoredHeaders): Promise<Unsealed> {
  const sealed = verifying(room, name, 'envelope', () => readStoredHeaders(headers))
  if (sealed === undefined) throw notSealed(room, name)
  const { envelope } = sealed
  const groupKey = await verifyingAsync(room, name, 'group key', () => groupKeyOf(room, name, envelope))
  const dek = await verifyingAsync(room, name, 'envelope', () =>
    groupKey.openEnvelope(envelope, name, room.purpose),
  )
  return orWiped(dek, async () => {
    const metadata = verifying(room, name, 'envelope', () => openMetadata(dek, sealed))
    const groupKeyId = Buffer.from(groupKey.id).toString('hex')
    return { dek, envelope, metadata, groupKeyId, ended: groupKey.ended }
  })
}

/**
 * The key that an envelope names. The store wrote that name: an id that the custodian never gave to this
 * bucket is a changed envelope, not a key that is away for a while.
 * @throws DoesNotOpen
 * @throws NoLease
 */
async function groupKeyOf({ keys }: Room, { tenant, bucket }: ObjectName, { groupKeyId }: Envelope) {
  try {
    return await keys.byId(tenant, bucket, groupKeyId)
  } catch (error) {
    if (error instanceof NoLease && error.reason === 'unknown-key') throw new DoesNotOpen()
    throw error
  }
}

/**
 * Runs a step that verifies. Whatever does not open gives one and the same error, and an alarm that says what.
 * @throws ObjectError `DoesNotOpen`
 */
export function verifying<T>(room: Room, name: ObjectName, what: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw asObjectError(room, name, what, error)
  }
}

/** As `verifying`, for steps that wait. */
export async function verifyingAsync<T>(
  room: Room,
  name: ObjectName,
  what: string,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw asObjectError(room, name, what, error)
  }
}

function asObjectError(room: Room, name: ObjectName, what: string, error: unknown): unknown {
  if (!(error instanceof DoesNotOpen)) return error
  room.alarm(alarmOf('does-not-open', name, what))
  return new ObjectError(
    'DoesNotOpen',
    'The stored object does not open. It was changed at the store, or sealed under another name or key; restore it from a copy.',
  )
}

function notSealed(room: Room, name: ObjectName): ObjectError {
  room.alarm(alarmOf('not-sealed', name, 'no envelope'))
  return new ObjectError(
    'NotSealed',
    'The stored object was not sealed by Treuhand and is not served. Write it again through the proxy.',
  )
}

const alarmOf = (event: Alarm['event'], { bucket, key }: ObjectName, what: string): Alarm => ({
  event,
  bucket,
  key,
  what,
})
