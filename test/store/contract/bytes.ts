import type {
  Address,
  NewObject,
  ObjectWriter,
  PartWriter,
  Published,
  ReadConditions,
  Store,
  StoreRange,
  WriteConditions,
} from '../../../src/store/store.ts'
import type { Body } from '../../../src/wire/body.ts'

export const PLAIN: NewObject = { metadata: {}, settings: {} }

/** Bytes that tell where they stand, so that a misplaced piece shows. */
export function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE((i * 2654435761 + seed) >>> 0, i)
  return bytes
}

export async function put(
  store: Store,
  at: Address,
  bytes: Uint8Array,
  conditions: WriteConditions = {},
  object: NewObject = PLAIN,
): Promise<Published> {
  return write(await store.put(at, object, bytes.length, conditions), bytes)
}

export async function putPart(
  store: Store,
  at: Address,
  uploadId: string,
  number: number,
  bytes: Uint8Array,
): Promise<{ number: number; etag: string }> {
  const { etag } = await write(await store.putPart(at, uploadId, number, bytes.length), bytes)
  return { number, etag }
}

/** Writes in pieces of uneven lengths, waiting where the writer says so. */
async function write<W extends ObjectWriter | PartWriter>(
  writer: W,
  bytes: Uint8Array,
): Promise<Awaited<ReturnType<W['finish']>>> {
  const step = 100_003
  for (let at = 0; at < bytes.length; at += 2 * step) {
    const wait = writer.write([bytes.subarray(at, at + step), bytes.subarray(at + step, at + 2 * step)])
    if (wait) await wait
  }
  return (await writer.finish()) as Awaited<ReturnType<W['finish']>>
}

export async function get(
  store: Store,
  at: Address,
  range?: StoreRange,
  conditions: ReadConditions = {},
): Promise<Buffer> {
  return readAll((await store.get(at, range, conditions)).body)
}

export async function readAll(body: Body): Promise<Buffer> {
  const bytes = Buffer.alloc(body.length)
  let at = 0
  await body.readInto({
    // Spaces of uneven lengths, one byte at the least.
    space: () => bytes.subarray(at, Math.max(at + 1, Math.min(bytes.length, at + 30_011))),
    filled(length) {
      at += length
      return undefined
    },
  })
  if (at !== bytes.length) throw new Error(`expected ${bytes.length} bytes, got ${at}`)
  return bytes
}
