import { DoesNotOpen } from '../seal/errors.ts'
import type { ByteRange } from '../seal/layout.ts'
import { PayloadOpener } from '../seal/payload.ts'
import { StoreError, StoreUnavailable } from '../store/errors.ts'
import type { StoredObject } from '../store/store.ts'
import type { Body, Writer } from '../wire/body.ts'
import { storeConditions } from './etag.ts'
import { inspectByHead } from './head.ts'
import { describe, type Inspected, inspect } from './inspect.ts'
import type { GetObject, ObjectName, OpenObject, PlainRange, ReadableObject } from './object.ts'
import { OpeningSink } from './opening-sink.ts'
import { getPinned, rereading } from './pinned.ts'
import { optimisticRange, rangeOf } from './range.ts'
import { addressOf, type Room, withMemory } from './room.ts'
import { openWhole } from './small.ts'
import { orWiped, unsealHead, verifyingAsync } from './unsealed.ts'

/** Up to this stored length an object is read whole and verified before the first header goes out. */
const SMALL = 1_048_576

/**
 * Opens an object, or a range of it, for reading (docs/object-format.md, "Reading").
 * @throws ObjectError, StoreError, StoreUnavailable, NoLease
 */
export async function getObject(room: Room, name: ObjectName, get: GetObject): Promise<ReadableObject> {
  return rereading(() => {
    if (get.range === undefined && get.partNumber === undefined) return getWhole(room, name, get)
    if (get.range !== undefined && 'first' in get.range && get.ifRange === undefined)
      return getRange(room, name, get, get.range)
    return getAfterHead(room, name, get)
  })
}

/** The whole object: one request, and one more for the tail of a large multipart object. */
async function getWhole(room: Room, name: ObjectName, get: GetObject): Promise<ReadableObject> {
  const stored = await room.store.get(addressOf(room, name), undefined, storeConditions(get.conditions))
  return orDiscard(stored, async () => {
    const unsealed = await unsealHead(room, name, stored)
    if (stored.length <= SMALL) return openWhole(room, name, stored, unsealed)
    return orWiped(unsealed.dek, async () =>
      stream(room, name, await inspect(room, name, stored, unsealed, get.checksum), stored),
    )
  })
}

/** A range that begins at a known byte: one request if the object is a single part, as most are. */
async function getRange(
  room: Room,
  name: ObjectName,
  get: GetObject,
  range: Extract<PlainRange, { first: number }>,
): Promise<ReadableObject> {
  const stored = await room.store
    .get(addressOf(room, name), optimisticRange(range), storeConditions(get.conditions))
    .catch(error => {
      if (error instanceof StoreError && error.code === 'InvalidRange') return undefined
      throw error
    })
  if (stored === undefined) return getAfterHead(room, name, get)
  return orDiscard(stored, async () => {
    const unsealed = await unsealHead(room, name, stored)
    return orWiped(unsealed.dek, async () => {
      const seen = await inspect(room, name, stored, unsealed, false)
      const wanted = rangeOf(get, seen)
      if (seen.layout?.kind === 'single') return stream(room, name, seen, stored, wanted)
      await letGo(stored.body)
      return streamPinned(room, name, seen, wanted)
    })
  })
}

/** What can only be placed once the size is known: a suffix, a part, a range with If-Range. */
async function getAfterHead(room: Room, name: ObjectName, get: GetObject): Promise<ReadableObject> {
  const seen = await inspectByHead(room, name, get.conditions, get.checksum)
  return orWiped(seen.unsealed.dek, async () => streamPinned(room, name, seen, rangeOf(get, seen)))
}

async function streamPinned(
  room: Room,
  name: ObjectName,
  seen: Inspected,
  range: ByteRange | undefined,
): Promise<ReadableObject> {
  const stored = await getPinned(room, name, seen.head.etag, range && seen.layout?.cover(range))
  return orDiscard(stored, async () => stream(room, name, seen, stored, range))
}

/** An object whose segments are opened while they pass. */
function stream(
  room: Room,
  name: ObjectName,
  seen: Inspected,
  stored: StoredObject,
  range?: ByteRange,
): ReadableObject {
  const { dek, ended } = seen.unsealed
  if (seen.layout === undefined) {
    dek.wipe()
    return nothing(describe(seen), stored)
  }
  const opener = new PayloadOpener(dek, seen.layout, range)
  expectRange(stored, opener.stored)
  return {
    ...describe(seen, range),
    async writeTo(writer: Writer) {
      try {
        await withMemory(room, stored.body.length, memory =>
          verifyingAsync(room, name, 'payload', async () => {
            await stored.body.readInto(new OpeningSink(opener, memory, writer, ended))
            if (!opener.done) throw new DoesNotOpen()
          }),
        )
      } finally {
        dek.wipe()
      }
    },
    discard() {
      stored.body.discard()
      dek.wipe()
    },
  }
}

/** The store must send the stored bytes that are wanted, from the first on; more may follow them. */
function expectRange({ range }: StoredObject, wanted: ByteRange): void {
  if (range.first !== wanted.first || range.last < wanted.last)
    throw new StoreUnavailable('protocol', 'it answered with other bytes than were asked for')
}

function nothing(object: OpenObject, stored: StoredObject): ReadableObject {
  return { ...object, writeTo: () => letGo(stored.body), discard: () => stored.body.discard() }
}

/** Reads what is left of an answer nobody needs, where that is cheaper than a new connection. */
async function letGo(body: Body): Promise<void> {
  if (body.length > CHEAP) return body.discard()
  const nowhere = new Uint8Array(Math.max(1, Math.min(body.length, 65_536)))
  await body.readInto({ space: () => nowhere, filled: () => undefined })
}

const CHEAP = 262_144

/** A body that nobody will read must not hold its connection. */
async function orDiscard(stored: StoredObject, open: () => Promise<ReadableObject>): Promise<ReadableObject> {
  try {
    return await open()
  } catch (error) {
    stored.body.discard()
    throw error
  }
}
