import type {
  Address,
  NewObject,
  ObjectWriter,
  PartWriter,
  StoredPart,
  WriteConditions,
} from '../store/store.ts'
import type { Room } from './room.ts'

/**
 * Writes one object that is longer than one PUT at the store: as parts of a store upload. The format knows
 * nothing of them; it stays a single part.
 */
export async function beginSplitPut(
  room: Room,
  at: Address,
  object: NewObject,
  length: number,
  conditions: WriteConditions,
): Promise<ObjectWriter> {
  const { store } = room
  const uploadId = await store.createUpload(at, object)
  const parts: StoredPart[] = []
  let begun = 0
  let part: { writer: PartWriter; room: number } | undefined

  const beginPart = async () => {
    const partLength = Math.min(room.limits.storePart, length - begun)
    begun += partLength
    part = { writer: await store.putPart(at, uploadId, parts.length + 1, partLength), room: partLength }
    return part
  }
  const endPart = async ({ writer }: { writer: PartWriter }) => {
    const { etag } = await writer.finish()
    parts.push({ number: parts.length + 1, etag })
    part = undefined
  }

  return {
    async write(pieces) {
      for (let piece of pieces) {
        while (piece.length > 0) {
          const current = part ?? (await beginPart())
          const fitting = piece.subarray(0, current.room)
          await current.writer.write([fitting])
          current.room -= fitting.length
          piece = piece.subarray(fitting.length)
          if (current.room === 0 && begun < length) await endPart(current)
        }
      }
    },
    async finish() {
      if (part !== undefined) await endPart(part)
      return store.completeUpload(at, uploadId, parts, conditions)
    },
    abort() {
      part?.writer.abort()
      // Nothing became visible; what is left behind is an upload that the store's lifecycle rules clear away.
      store.abortUpload(at, uploadId).catch(() => {})
    },
  }
}
