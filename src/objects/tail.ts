import { DoesNotOpen } from '../seal/errors.ts'
import { SUMMARY } from '../seal/lengths.ts'
import type { Summary } from '../seal/summary.ts'
import { openMultipartTail, openSingleTail } from '../seal/trailer.ts'
import { StoreUnavailable } from '../store/errors.ts'
import type { StoredHead } from '../store/store.ts'
import { collect } from '../wire/sinks.ts'
import type { ObjectName } from './object.ts'
import { getPinned } from './pinned.ts'
import type { Room } from './room.ts'
import type { CachedTail } from './tail-cache.ts'
import { type Unsealed, verifying, verifyingAsync } from './unsealed.ts'

/** The first request for a tail: the summary and a table of more than 500 rows. */
export const TAIL = 65_536

/**
 * The summary of an object that came by one PUT.
 * @param head what the store said of it: the request is pinned to that ETag
 */
export async function singleSummary(
  room: Room,
  name: ObjectName,
  head: StoredHead,
  unsealed: Unsealed,
): Promise<Summary> {
  const tail = await readPinned(room, name, head, { suffix: SUMMARY })
  return verifying(room, name, 'summary', () => openSingleTail(unsealed.dek, tail, unsealed.metadata.size!))
}

/**
 * Summary and layout of a multipart object, from the cache where they are known.
 * @param head what the store said of it: requests are pinned to that ETag
 */
export async function multipartTail(
  room: Room,
  name: ObjectName,
  head: StoredHead,
  unsealed: Unsealed,
): Promise<CachedTail['tail']> {
  const cached = room.tails.get(tailKey(name))
  if (cached !== undefined && isOf(cached, head.etag, unsealed)) return cached.tail
  const first = await readPinned(room, name, head, { suffix: TAIL })
  return openTail(room, name, head, unsealed, first)
}

/** Opens a multipart object's tail, asking for more where `bytes` do not hold the whole table. */
export async function openTail(
  room: Room,
  name: ObjectName,
  head: StoredHead,
  unsealed: Unsealed,
  bytes: Uint8Array,
): Promise<CachedTail['tail']> {
  const tail = await verifyingAsync(room, name, 'table', async () => {
    const first = openMultipartTail(unsealed.dek, bytes, head.length)
    if ('layout' in first) return first
    const all = await readPinned(room, name, head, { suffix: first.needed })
    const second = openMultipartTail(unsealed.dek, all, head.length)
    if ('layout' in second) return second
    throw new DoesNotOpen()
  })
  room.tails.set(tailKey(name), { etag: head.etag, commitment: unsealed.envelope.commitment, tail })
  return tail
}

/** The cache knows an object by its name and version. */
export const tailKey = (name: ObjectName): string =>
  JSON.stringify([name.tenant, name.bucket, name.key, name.versionId])

export const isOf = (cached: CachedTail, etag: string, unsealed: Unsealed): boolean =>
  cached.etag === etag && Buffer.compare(cached.commitment, unsealed.envelope.commitment) === 0

/**
 * Reads the last bytes of the very object that `head` speaks of.
 * @throws StoreUnavailable where the store sends more, which might be more than memory holds
 */
async function readPinned(
  room: Room,
  name: ObjectName,
  head: StoredHead,
  range: { readonly suffix: number },
): Promise<Uint8Array> {
  const { body } = await getPinned(room, name, head.etag, range)
  if (body.length <= range.suffix) return collect(body)
  body.discard()
  throw new StoreUnavailable('protocol', 'it answered with other bytes than were asked for')
}
