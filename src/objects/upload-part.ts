import { randomBytes } from 'node:crypto'
import { PathRegistryError } from '../registry/path/errors.ts'
import type { Upload } from '../registry/path/uploads.ts'
import { largestPart, MAX_PARTS, MIN_PART, partLength } from '../seal/lengths.ts'
import { type PartHeader, PartSealer } from '../seal/part.ts'
import type { PartWriter } from '../store/store.ts'
import type { Checksum } from './checksum.ts'
import { ObjectError } from './errors.ts'
import { clientETag } from './etag.ts'
import { newPartHeader } from './new-object.ts'
import type { ObjectHeaders, ObjectName, PlainBody } from './object.ts'
import { digested } from './plain-bodies.ts'
import { expectSize } from './put.ts'
import { addressOf, type Room, withMemory } from './room.ts'
import { SealingSink } from './sealing-sink.ts'
import type { Unsealed } from './unsealed.ts'
import { asObjectError, findOpenUpload, unsealUpload, uploadChecksum } from './upload.ts'

/** The most ciphertext that is held for one part: number 10,000 may be larger than 5 MiB. */
const HELD_MAX = 64 * 2 ** 20

export interface UploadedPart {
  readonly etag: string
  readonly checksum?: Checksum
  readonly groupKeyId: string
  /** Of the object that it will be a part of. */
  readonly headers: ObjectHeaders
}

/**
 * Seals one attempt to send a part, under a salt of its own. A part under 5 MiB may turn out to be the last
 * and is held in the registry, as is number 10,000, behind which no trailer would fit; every other goes to
 * the store at once.
 */
export async function uploadPart(
  room: Room,
  name: ObjectName,
  uploadId: string,
  number: number,
  sent: PlainBody,
  isCopy = false,
): Promise<UploadedPart> {
  expectSize(sent.length, largestPart(room.limits.storePart))
  const upload = await findOpenUpload(room, name, uploadId)
  const body = checksummed(upload, sent, isCopy)
  const unsealed = await unsealUpload(room, name, upload)
  try {
    return await withMemory(room, body.length, async memory => {
      const header = newPartHeader(room)
      const attempt: Attempt = { room, name, uploadId, number, body, header, unsealed, memory }
      const held = body.length < MIN_PART || number === MAX_PARTS
      const { etag, ciphertext } = held ? await hold(attempt) : await send(attempt)
      const checksum = body.checksum()
      await record(attempt, etag, checksum, ciphertext)
      return {
        etag: clientETag(etag),
        groupKeyId: unsealed.groupKeyId,
        headers: unsealed.metadata.headers,
        ...(checksum && { checksum }),
      }
    })
  } finally {
    unsealed.dek.wipe()
  }
}

interface Attempt {
  readonly room: Room
  readonly name: ObjectName
  readonly uploadId: string
  readonly number: number
  readonly body: PlainBody
  readonly header: PartHeader
  readonly unsealed: Unsealed
  readonly memory: Uint8Array
}

async function hold(attempt: Attempt): Promise<{ etag: string; ciphertext: Uint8Array }> {
  const length = partLength(attempt.body.length)
  expectSize(length, HELD_MAX)
  const ciphertext = Buffer.allocUnsafeSlow(length)
  let at = 0
  const writer = {
    write(pieces: readonly Uint8Array[]) {
      for (const piece of pieces) {
        ciphertext.set(piece, at)
        at += piece.length
      }
      return undefined
    },
  }
  writer.write([await seal(attempt, writer)])
  return { etag: randomBytes(16).toString('hex'), ciphertext }
}

async function send(attempt: Attempt): Promise<{ etag: string; ciphertext?: undefined }> {
  const { room, name, uploadId, number, body } = attempt
  const writer = await room.store.putPart(addressOf(room, name), uploadId, number, partLength(body.length))
  try {
    await writer.write([await seal(attempt, writer)])
    return await writer.finish()
  } catch (error) {
    writer.abort()
    throw error
  }
}

/** Seals the body into `writer`, but for the end, which is given back once all of the body has verified. */
async function seal(attempt: Attempt, writer: Pick<PartWriter, 'write'>): Promise<Uint8Array> {
  const { unsealed, header, number, memory, body } = attempt
  const part = new PartSealer(unsealed.dek, header, number)
  const sink = new SealingSink(part, memory, body.length, unsealed.ended, writer)
  await body.readInto(sink)
  return sink.end()
}

async function record(
  { room, uploadId, number, body, header }: Attempt,
  etag: string,
  checksum: Checksum | undefined,
  held: Uint8Array | undefined,
): Promise<void> {
  const { salt, noncePrefix: prefix } = header
  const part = {
    uploadId,
    number,
    etag,
    plainLength: body.length,
    salt,
    prefix,
    ...(checksum && { checksum }),
  }
  try {
    await room.registry.parts.record(part, held)
  } catch (error) {
    throw error instanceof PathRegistryError ? asObjectError(error) : error
  }
}

/**
 * The body with the upload's checksum, which is worked out here where the client did not send it, as S3 does.
 * @throws ObjectError `InvalidRequest` where the part carries another algorithm than its upload
 */
function checksummed(upload: Upload, body: PlainBody, isCopy: boolean): PlainBody {
  const wanted = uploadChecksum(upload)
  const sent = body.checksumAlgorithm
  if (wanted === undefined || wanted.algorithm === sent) return body
  // A checksum of checksums speaks for values that the client knows: it must send them.
  if (sent === undefined && (wanted.type === 'FULL_OBJECT' || isCopy)) return digested(body, wanted.algorithm)
  throw new ObjectError(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${wanted.algorithm}, actual checksum Type: ${sent ?? 'null'}`,
  )
}
