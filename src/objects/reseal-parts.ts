import type { Dek } from '../seal/dek.ts'
import { Layout } from '../seal/layout.ts'
import { MAX_PARTS } from '../seal/lengths.ts'
import { PartSealer } from '../seal/part.ts'
import { sealTrailer } from '../seal/trailer.ts'
import type { PartWriter, StoredPart } from '../store/store.ts'
import type { Writer } from '../wire/body.ts'
import { pour } from '../wire/sinks.ts'
import { sendPart } from './complete-upload.ts'
import { clientETag, storeConditions } from './etag.ts'
import { newPartHeader, newTrailerNonces, type Sealed, sealHead } from './new-object.ts'
import type { ObjectName, ObjectPart, PutAnswer, PutObject, ReadableObject } from './object.ts'
import { addressOf, type Room, withMemory } from './room.ts'
import { SealingSink } from './sealing-sink.ts'

/**
 * Seals a multipart object anew under another DEK, part by part: numbers, borders and checksums of its parts
 * stay, so that nobody who reads it by parts notices.
 */
export async function resealParts(
  room: Room,
  dek: Dek,
  name: ObjectName,
  { headers, settings, conditions }: PutObject,
  source: ReadableObject,
  parts: readonly ObjectPart[],
): Promise<PutAnswer> {
  const { store } = room
  const { checksum } = source
  const kind = checksum && { checksum: { algorithm: checksum.algorithm, type: checksum.type } }
  const sealed = await sealHead(room, name, dek, { kind: 'multipart' }, { headers, ...kind }, settings)
  const layout = Layout.multipart(parts.map(part => ({ ...part, header: newPartHeader(room) })))
  const trailer = sealTrailer(dek, layout, checksum ? { checksum } : {}, newTrailerNonces(room))

  const at = addressOf(room, name)
  const uploadId = await store.createUpload(at, { ...sealed.object, ...kind })
  try {
    const sent = await withMemory(room, layout.size, async memory => {
      const writer = partsWriter({ room, name, uploadId, sealed, layout, trailer, memory })
      try {
        await source.writeTo(writer)
        return await writer.end()
      } catch (error) {
        writer.abort()
        throw error
      }
    })
    const published = await store.completeUpload(at, uploadId, sent, storeConditions(conditions))
    const { etag, attributes } = published
    return { etag: clientETag(etag), groupKeyId: sealed.groupKeyId, attributes }
  } catch (error) {
    await store.abortUpload(at, uploadId).catch(() => {})
    throw error
  }
}

interface Upload {
  readonly room: Room
  readonly name: ObjectName
  readonly uploadId: string
  readonly sealed: Sealed
  readonly layout: Layout
  readonly trailer: Uint8Array
  /** Room for a segment at least; one part after the other stands in it. */
  readonly memory: Uint8Array
}

interface PartsWriter extends Writer {
  /** @returns all that was sent, the trailer behind it */
  end(): Promise<readonly StoredPart[]>
  abort(): void
}

/** Cuts a plaintext at the borders of parts, and seals each part to the store as it passes. */
function partsWriter({ room, name, uploadId, sealed, layout, trailer, memory }: Upload): PartsWriter {
  const { parts } = layout
  // One store part less; behind number 10,000 there is no other place.
  const joined = parts.length === MAX_PARTS || parts.at(-1)!.stored + trailer.length <= room.limits.storePart
  const sent: StoredPart[] = []
  let open: { writer: PartWriter; sink: SealingSink; missing: number; behind: Uint8Array[] } | undefined

  async function begin() {
    const { stored, size: missing, header, number } = parts[sent.length]!
    const behind = joined && sent.length === parts.length - 1 ? [trailer] : []
    const length = stored + (behind[0]?.length ?? 0)
    const writer = await room.store.putPart(addressOf(room, name), uploadId, sent.length + 1, length)
    const sealer = new PartSealer(sealed.dek, header, number)
    open = { writer, sink: new SealingSink(sealer, memory, missing, sealed.ended, writer), missing, behind }
    return open
  }

  async function finish({ writer, sink, behind }: NonNullable<typeof open>) {
    await writer.write([sink.end(), ...behind])
    const { etag } = await writer.finish()
    sent.push({ number: sent.length + 1, etag })
    open = undefined
  }

  return {
    async write(pieces) {
      for (let piece of pieces) {
        while (piece.length > 0) {
          const part = open ?? (await begin())
          const fitting = piece.subarray(0, part.missing)
          await pour(fitting, part.sink)
          part.missing -= fitting.length
          piece = piece.subarray(fitting.length)
          if (part.missing === 0) await finish(part)
        }
      }
    },
    async end() {
      // An empty last part, which no byte has begun.
      if (sent.length < parts.length) await finish(await begin())
      return joined ? sent : [...sent, await sendPart(room, name, uploadId, parts.length + 1, [trailer])]
    },
    abort: () => open?.writer.abort(),
  }
}
