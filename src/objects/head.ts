import type { ReadConditions } from '../store/store.ts'
import { storeConditions } from './etag.ts'
import { describe, type Inspected, inspect } from './inspect.ts'
import type { GetObject, ObjectName, OpenObject } from './object.ts'
import { rereading } from './pinned.ts'
import { rangeOf } from './range.ts'
import { addressOf, type Room } from './room.ts'
import { orWiped, unsealHead } from './unsealed.ts'

/**
 * What GET would tell of an object, without its bytes.
 * @throws ObjectError, StoreError, StoreUnavailable, NoLease
 */
export async function headObject(room: Room, name: ObjectName, get: GetObject): Promise<OpenObject> {
  return rereading(async () => {
    const seen = await inspectByHead(room, name, get.conditions, get.checksum)
    seen.unsealed.dek.wipe()
    return describe(seen, rangeOf(get, seen))
  })
}

/** Learns of an object by a HEAD, and a read of its tail where that is needed. */
export async function inspectByHead(
  room: Room,
  name: ObjectName,
  conditions: ReadConditions,
  checksum: boolean,
): Promise<Inspected> {
  const head = await room.store.head(addressOf(room, name), storeConditions(conditions))
  const unsealed = await unsealHead(room, name, head)
  return orWiped(unsealed.dek, () => inspect(room, name, head, unsealed, checksum))
}
