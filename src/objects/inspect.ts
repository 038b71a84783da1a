import { Layout } from '../seal/layout.ts'
import type { Summary } from '../seal/summary.ts'
import type { StoredHead } from '../store/store.ts'
import { type Checksum, checksumDigest } from './checksum.ts'
import { clientETag } from './etag.ts'
import type { ObjectName, OpenObject } from './object.ts'
import type { Room } from './room.ts'
import { multipartTail, singleSummary } from './tail.ts'
import type { Unsealed } from './unsealed.ts'

/** All that is known of an object before its payload is read. */
export interface Inspected {
  readonly head: StoredHead
  readonly unsealed: Unsealed
  /** Plaintext bytes. */
  readonly size: number
  /** Absent where the object is empty. */
  readonly layout?: Layout
  /** Present for multipart objects, and where it was asked for. */
  readonly summary?: Summary
}

/**
 * Learns where an object's bytes stand: for a single part from its sealed metadata, for a multipart object
 * from its tail.
 * @param checksum whether the checksum is wanted, which stands in the tail
 */
export async function inspect(
  room: Room,
  name: ObjectName,
  head: StoredHead,
  unsealed: Unsealed,
  checksum: boolean,
): Promise<Inspected> {
  const { envelope, metadata } = unsealed
  if (envelope.kind === 'multipart') {
    const { layout, summary } = await multipartTail(room, name, head, unsealed)
    return { head, unsealed, size: layout.size, layout, summary }
  }
  const size = metadata.size!
  if (size === 0) return { head, unsealed, size }
  const layout = Layout.single(envelope.header, size)
  const wanted = checksum && metadata.checksum !== undefined
  if (!wanted) return { head, unsealed, size, layout }
  return { head, unsealed, size, layout, summary: await singleSummary(room, name, head, unsealed) }
}

/** What the application is told of an object. */
export function describe(seen: Inspected, range?: OpenObject['range']): OpenObject {
  const { head, unsealed, size, layout, summary } = seen
  const checksum = summary?.checksum ?? (size === 0 ? emptyChecksum(unsealed) : undefined)
  return {
    size,
    headers: unsealed.metadata.headers,
    etag: clientETag(head.etag),
    lastModified: head.lastModified,
    attributes: head.attributes,
    groupKeyId: unsealed.groupKeyId,
    ...(checksum && { checksum }),
    ...(layout?.kind === 'multipart' && { parts: layout.parts }),
    ...(range && { range }),
  }
}

/** An empty object has no summary, and its checksum is a constant of the algorithm. */
function emptyChecksum({ metadata }: Unsealed): Checksum | undefined {
  return (
    metadata.checksum && { ...metadata.checksum, value: checksumDigest(metadata.checksum.algorithm).digest() }
  )
}
