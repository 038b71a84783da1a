import { StoreError } from '../store/errors.ts'
import type { StoredObject, StoreRange } from '../store/store.ts'
import type { ObjectName } from './object.ts'
import { addressOf, type Room } from './room.ts'

/** How often a read begins again because its object was overwritten between two requests. */
const ATTEMPTS = 3

/** The object is no longer the one that an earlier request of the same read saw. */
class Overwritten extends Error {
  override readonly name = 'Overwritten'
}

/**
 * Every request of a read but the first goes by here: an overwrite in between is then told from tampering.
 * @throws Overwritten
 */
export async function getPinned(
  room: Room,
  name: ObjectName,
  etag: string,
  range?: StoreRange,
): Promise<StoredObject> {
  try {
    return await room.store.get(addressOf(room, name), range, { ifMatch: etag })
  } catch (error) {
    if (error instanceof StoreError && ['PreconditionFailed', 'NoSuchKey'].includes(error.code)) {
      throw new Overwritten('the object was overwritten while it was read', { cause: error })
    }
    throw error
  }
}

/**
 * Runs a read of several requests, and again from its start where the object was overwritten meanwhile.
 * @throws StoreError what the pinned request met, when that happened every time
 */
export async function rereading<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof Overwritten)) throw error
      if (attempt === ATTEMPTS) throw error.cause
    }
  }
}
