import type { Dek } from '../seal/dek.ts'
import { Layout } from '../seal/layout.ts'
import { largestPlaintext, storedLength } from '../seal/lengths.ts'
import { PartSealer, UNNUMBERED } from '../seal/part.ts'
import { sealTrailer } from '../seal/trailer.ts'
import { ALWAYS_CHECKSUMMED, type ObjectWriter, type Published } from '../store/store.ts'
import type { Sink } from '../wire/body.ts'
import { ObjectError } from './errors.ts'
import { clientETag, storeConditions } from './etag.ts'
import { newDek, newPartHeader, newTrailerNonces, type Sealed, sealHead } from './new-object.ts'
import type { ObjectName, PlainBody, PutAnswer, PutObject } from './object.ts'
import { digested } from './plain-bodies.ts'
import { addressOf, type Room, withMemory } from './room.ts'
import { SealingSink } from './sealing-sink.ts'
import { beginSplitPut } from './split-put.ts'

/**
 * Seals a body and publishes it as one object. Nothing becomes visible, and nothing that was there is
 * harmed, before everything that the client promised about its body has been verified.
 * @throws ObjectError, StoreError, StoreUnavailable, NoLease, and what the body's verification throws
 */
export async function putObject(
  room: Room,
  name: ObjectName,
  put: PutObject,
  body: PlainBody,
): Promise<PutAnswer> {
  const dek = newDek(room)
  try {
    return await putUnder(room, dek, name, put, body)
  } finally {
    dek.wipe()
  }
}

/** As `putObject`, under a DEK that was never used before. Whoever calls wipes it. */
export async function putUnder(
  room: Room,
  dek: Dek,
  name: ObjectName,
  put: PutObject,
  sent: PlainBody,
): Promise<PutAnswer> {
  expectSize(sent.length, largestPlaintext(room.limits.storeObject))
  const body = withDefaultChecksum(sent)
  const header = newPartHeader(room)
  const algorithm = body.checksumAlgorithm
  const metadata = {
    headers: put.headers,
    size: body.length,
    ...(algorithm && { checksum: { algorithm, type: 'FULL_OBJECT' as const } }),
  }
  const head = await sealHead(room, name, dek, { kind: 'single', header }, metadata, put.settings)
  const sealed = {
    ...head,
    object: { ...head.object, ...(metadata.checksum && { checksum: metadata.checksum }) },
  }
  const begin = (length: number) => beginPut(room, name, put, sealed, length)
  const published =
    body.length === 0
      ? await putNothing(begin, body)
      : await putPayload(room, sealed, Layout.single(header, body.length), begin, body)
  const { etag, attributes } = published
  const checksum = body.checksum()
  return {
    etag: clientETag(etag),
    groupKeyId: sealed.groupKeyId,
    attributes,
    ...(checksum && { checksum }),
  }
}

/**
 * S3 works a CRC64NVME out where the client sent no checksum ("Checking object integrity", Amazon S3 User
 * Guide). Here short bodies get one; over long ones, twice, for the plaintext and for the store, it would cost as
 * much as the sealing, which already holds every byte to what was sent.
 */
function withDefaultChecksum(body: PlainBody): PlainBody {
  if (body.checksumAlgorithm !== undefined || storedLength(body.length) > ALWAYS_CHECKSUMMED) return body
  return digested(body, 'CRC64NVME')
}

type Begin = (length: number) => Promise<ObjectWriter>

/** A zero-length object is its envelope alone: folder markers must hold no data. */
async function putNothing(begin: Begin, body: PlainBody): Promise<Published> {
  // There is nothing to read, but its digests may still be wrong.
  await body.readInto(NO_SPACE)
  const writer = await begin(0)
  return writer.finish()
}

const NO_SPACE: Sink = {
  space: () => new Uint8Array(1),
  filled() {
    throw new RangeError('an empty body held bytes')
  },
}

async function putPayload(
  room: Room,
  { dek, ended }: Sealed,
  layout: Layout,
  begin: Begin,
  body: PlainBody,
): Promise<Published> {
  return withMemory(room, layout.size, async memory => {
    const part = new PartSealer(dek, layout.parts[0]!.header, UNNUMBERED)
    // What fits into memory is verified before the store hears of it.
    let writer = SealingSink.fits(layout.size, memory) ? undefined : await begin(layout.stored)
    try {
      const sink = new SealingSink(part, memory, layout.size, ended, writer)
      await body.readInto(sink)
      const checksum = body.checksum()
      const trailer = sealTrailer(dek, layout, checksum ? { checksum } : {}, newTrailerNonces(room))
      writer ??= await begin(layout.stored)
      await writer.write([sink.end(), trailer])
      return await writer.finish()
    } catch (error) {
      writer?.abort()
      throw error
    }
  })
}

function beginPut(
  room: Room,
  name: ObjectName,
  put: PutObject,
  { object }: Sealed,
  length: number,
): Promise<ObjectWriter> {
  const at = addressOf(room, name)
  const conditions = storeConditions(put.conditions)
  return length > room.limits.storePart
    ? beginSplitPut(room, at, object, length, conditions)
    : room.store.put(at, object, length, conditions)
}

/** @throws ObjectError `EntityTooLarge` */
export function expectSize(size: number, limit: number): void {
  if (size <= limit) return
  throw new ObjectError(
    'EntityTooLarge',
    `The body has ${size} bytes; ${limit} are the most the store takes once sealed.`,
    { ProposedSize: String(size), MaxSizeAllowed: String(limit) },
  )
}
