import { DoesNotOpen } from '../seal/errors.ts'
import { Layout } from '../seal/layout.ts'
import { PayloadOpener } from '../seal/payload.ts'
import type { StoredObject } from '../store/store.ts'
import type { Writer } from '../wire/body.ts'
import { collect } from '../wire/sinks.ts'
import { describe } from './inspect.ts'
import type { ObjectName, ReadableObject } from './object.ts'
import type { Room } from './room.ts'
import { openTail } from './tail.ts'
import { type Unsealed, verifying } from './unsealed.ts'

/**
 * Opens a small object whole: all of it has verified before the first header goes out, so that whatever is
 * wrong gives a clean error, and the checksum is there without another request.
 */
export async function openWhole(
  room: Room,
  name: ObjectName,
  stored: StoredObject,
  unsealed: Unsealed,
): Promise<ReadableObject> {
  const { dek, envelope, metadata } = unsealed
  try {
    const bytes = await collect(stored.body)
    if (bytes.length === 0) return held(describe({ head: stored, unsealed, size: 0 }), [])
    if (envelope.kind === 'multipart') {
      const { layout, summary } = await openTail(room, name, stored, unsealed, bytes)
      const plain = verifying(room, name, 'payload', () => openAll(new PayloadOpener(dek, layout), bytes))
      return held(describe({ head: stored, unsealed, size: layout.size, layout, summary }), plain)
    }
    const layout = Layout.single(envelope.header, metadata.size!)
    const opener = new PayloadOpener(dek, layout)
    const plain = verifying(room, name, 'payload', () => openAll(opener, bytes))
    const { summary } = opener
    if (summary === undefined) throw new DoesNotOpen()
    return held(describe({ head: stored, unsealed, size: layout.size, layout, summary }), plain)
  } finally {
    dek.wipe()
  }
}

function openAll(opener: PayloadOpener, bytes: Uint8Array): readonly Uint8Array[] {
  const plain = opener.open(bytes.subarray(0, opener.want(bytes.length)))
  if (!opener.done) throw new DoesNotOpen()
  return plain
}

function held(object: ReturnType<typeof describe>, plain: readonly Uint8Array[]): ReadableObject {
  return {
    ...object,
    async writeTo(writer: Writer) {
      if (plain.length > 0) await writer.write(plain)
    },
    discard() {},
  }
}
