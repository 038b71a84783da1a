import { ObjectError } from '../../../objects/errors.ts'
import type { GetObject, OpenObject, ReadableObject } from '../../../objects/object.ts'
import type { Writer } from '../../../wire/body.ts'
import type { Fields, Headers, ReplyBody } from '../../../wire/exchange.ts'
import { attributeFields, checksumFields, ENCRYPTION, encryptionFields, requestFields } from '../answer.ts'
import { type Call, nameOf, type ObjectCall, type Operation } from '../call.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { readConditions } from '../forms/conditions.ts'
import { quoted, readETag } from '../forms/etag.ts'
import { readPartNumber } from '../forms/numbers.ts'
import { utf8Octets } from '../forms/octets.ts'
import { readRange } from '../forms/range.ts'
import { httpDate, readHttpDate } from '../forms/times.ts'

const OVERRIDES = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
} as const

const QUERY = [...Object.keys(OVERRIDES), 'versionId', 'partNumber']
const NOTHING = new Uint8Array(0)

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export const getObject: Operation = {
  name: 'GetObject',
  method: 'GET',
  on: 'object',
  action: 'read',
  query: QUERY,
  async run(call) {
    const overrides = readOverrides(call)
    const object = await withParts(call.objects.get(nameOf(call), readGet(call)))
    const fields = fieldsOf(call, object, overrides)
    const length = lengthOf(object)
    if (length > 0) return stream(object, () => call.reply.stream(statusOf(object), fields, length))
    await object.writeTo({ write: () => undefined })
    await call.reply.send(statusOf(object), fields, NOTHING)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export const headObject: Operation = {
  name: 'HeadObject',
  method: 'HEAD',
  on: 'object',
  action: 'read',
  query: QUERY,
  async run(call) {
    const overrides = readOverrides(call)
    const object = await withParts(call.objects.head(nameOf(call), readGet(call)))
    await call.reply.send(statusOf(object), fieldsOf(call, object, overrides), NOTHING, lengthOf(object))
  },
}

function readGet({ headers, query }: ObjectCall): GetObject {
  const range = readRange(headers.get('range'))
  const partNumber = query.get('partNumber')
  if (partNumber !== undefined && headers.get('range') !== undefined)
    throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter')
  const ifRange = readIfRange(headers.get('if-range'))
  return {
    ...(range && { range }),
    ...(range && ifRange !== undefined && { ifRange }),
    ...(partNumber !== undefined && { partNumber: readPartNumber(partNumber) }),
    conditions: readConditions(headers),
    checksum: wantsChecksum(headers),
  }
}

const wantsChecksum = (headers: Headers): boolean =>
  headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'

/** RFC 9110 13.1.5: a date, or else an ETag, of which a weak one never counts. */
function readIfRange(value: string | undefined): string | Date | undefined {
  if (value === undefined) return undefined
  return readHttpDate(value) ?? (value.startsWith('W/') ? '' : readETag(value))
}

/** A part number that the object does not have is 416 here, unlike a part that is missing from an upload. */
async function withParts<T>(object: Promise<T>): Promise<T> {
  return object.catch(error => {
    if (error instanceof ObjectError && error.code === 'InvalidPart')
      throw new S3Error('InvalidPartNumber', undefined, { details: error.details })
    throw error
  })
}

const statusOf = ({ range }: OpenObject) => (range ? 206 : 200)
const lengthOf = ({ size, range }: OpenObject) => (range ? range.last - range.first + 1 : size)

function fieldsOf(call: ObjectCall, object: OpenObject, overrides: Fields): Fields {
  const { range, size, parts } = object
  const overridden = new Set(overrides.map(([name]) => name))
  const told = object.headers.filter(([name]) => name !== ENCRYPTION && !overridden.has(name))
  const own = [...told, ...overrides]
  const fields: (readonly [string, string])[] = [
    ...requestFields(call.requestId),
    ['accept-ranges', 'bytes'],
    ['etag', quoted(object.etag)],
    ['last-modified', httpDate(object.lastModified)],
    ...own,
    ...attributeFields(object.attributes),
    ...encryptionFields(call.settings, object.groupKeyId, object.headers),
    ...(wantsChecksum(call.headers) ? checksumOfWhatIsSent(call, object) : []),
  ]
  if (!own.some(([name]) => name === 'content-type')) fields.push(['content-type', typeOf(call.key)])
  if (range) fields.push(['content-range', `bytes ${range.first}-${range.last}/${size}`])
  if (call.query.has('partNumber') && parts !== undefined)
    fields.push(['x-amz-mp-parts-count', String(parts.length)])
  return fields
}

/** What an object is whose sender did not say: a folder, as S3's console and file systems over S3 mark it, or bytes. */
const typeOf = (key: string) => (key.endsWith('/') ? 'application/x-directory' : 'binary/octet-stream')

/**
 * A part that was asked for by its number comes with its own checksum ("Checking object integrity", part-level
 * checksums). Any other range comes with none: a client would compare the object's with the bytes of its range.
 */
function checksumOfWhatIsSent({ query }: ObjectCall, { range, parts, checksum }: OpenObject): Fields {
  const part = parts?.[Number(query.get('partNumber') ?? 0) - 1]
  if (part?.checksum !== undefined && checksum) return checksumFields({ ...checksum, value: part.checksum })
  return range ? [] : checksumFields(checksum, parts?.length)
}

/** @throws S3Error InvalidArgument */
function readOverrides({ query }: Call): Fields {
  const fields: [string, string][] = []
  for (const [parameter, name] of Object.entries(OVERRIDES)) {
    const value = query.get(parameter)
    if (value === undefined) continue
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no field may hold them
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value))
      throw invalidArgument(parameter, value, 'A header value must not hold control characters.')
    fields.push([name, utf8Octets(value)])
  }
  return fields
}

/** The answer begins with the first verified bytes: until then, a failure still is an error of its own. */
async function stream(object: ReadableObject, begin: () => ReplyBody): Promise<void> {
  let body: ReplyBody | undefined
  const writer: Writer = {
    write(pieces) {
      body ??= begin()
      return body.write(pieces)
    },
  }
  try {
    await object.writeTo(writer)
    await body?.end()
  } catch (error) {
    body?.cut()
    throw error
  }
}
