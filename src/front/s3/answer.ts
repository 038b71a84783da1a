import { randomBytes } from 'node:crypto'
import type { Checksum } from '../../objects/checksum.ts'
import type { ObjectHeaders } from '../../objects/object.ts'
import type { Attributes } from '../../store/store.ts'
import type { Fields } from '../../wire/exchange.ts'
import type { Call, FrontSettings } from './call.ts'
import { errorElements, type SeenRequest } from './error-elements.ts'
import type { S3Error } from './errors.ts'
import { checksumHeader } from './forms/digests.ts'
import { S3_NAMESPACE, type XmlNode, xmlDocument } from './xml/write.ts'

/** A whole small answer, in the wire's words. */
export interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly body: Uint8Array
}

const NOTHING = new Uint8Array(0)

/** An answer without a body. */
export function sendNothing(call: Call, status: number, fields: Fields = []): Promise<void> {
  return call.reply.send(status, [...requestFields(call.requestId), ...fields], NOTHING)
}

/** An answer whose body is a document. */
export function sendXml(
  call: Call,
  root: string,
  content: Iterable<XmlNode> | string,
  { status = 200, fields = [] }: { status?: number; fields?: Fields } = {},
): Promise<void> {
  return call.reply.send(
    status,
    [...requestFields(call.requestId), ['content-type', 'application/xml'], ...fields],
    xmlDocument(root, content, S3_NAMESPACE),
  )
}

/** What every answer carries. */
export const requestFields = (requestId: string): Fields => [['x-amz-request-id', requestId]]

/** The store's attributes of an object, which are an allow-list already. */
export const attributeFields = (attributes: Attributes): Fields => Object.entries(attributes)

export const ENCRYPTION = 'x-amz-server-side-encryption'

/**
 * How the object is encrypted, in the words that S3 has for it: those that were asked for, as programs compare the
 * answer with what they asked. The key's id tells `aws:kms`, where S3 has one to tell.
 * @param headers of the object, where they are at hand
 */
export function encryptionFields(
  { announceEncryption }: FrontSettings,
  groupKeyId: string,
  headers: ObjectHeaders = [],
): Fields {
  const [, asked] = headers.find(([name]) => name === ENCRYPTION) ?? []
  const kind = asked ?? (announceEncryption ? 'aws:kms' : undefined)
  if (kind === undefined) return []
  if (kind === 'AES256') return [[ENCRYPTION, kind]]
  return [
    [ENCRYPTION, kind],
    [`${ENCRYPTION}-aws-kms-key-id`, groupKeyId],
  ]
}

/** @param parts of which a composite checksum was made */
export function checksumFields(checksum: Checksum | undefined, parts?: number): Fields {
  if (!checksum) return []
  return [
    [checksumHeader(checksum.algorithm), checksumText(checksum, parts)],
    ['x-amz-checksum-type', checksum.type],
  ]
}

/** The same as elements: `ChecksumCRC32`, `ChecksumType`. */
export function checksumNodes(checksum: Checksum | undefined, parts?: number): XmlNode[] {
  if (!checksum) return []
  return [
    [`Checksum${checksum.algorithm}`, checksumText(checksum, parts)],
    ['ChecksumType', checksum.type],
  ]
}

/** Base64; composite ones say of how many parts they are. */
export function checksumText({ type, value }: Pick<Checksum, 'type' | 'value'>, parts?: number): string {
  const text = Buffer.from(value).toString('base64')
  return type === 'COMPOSITE' && parts !== undefined ? `${text}-${parts}` : text
}

/** Which process answered, told beside the request's id by errors. */
export const HOST_FIELD = ['x-amz-id-2', randomBytes(36).toString('base64')] as const

/** @param request what was seen of it, where it could be read */
export const errorNodes = (
  error: S3Error,
  requestId: string,
  request: SeenRequest | undefined,
): readonly XmlNode[] => [
  ['Code', error.code],
  ['Message', error.message],
  ...errorElements(error, request),
  ['Resource', request?.target.split('?')[0]],
  ['RequestId', requestId],
  ['HostId', HOST_FIELD[1]],
]

/** @param request what was seen of it, where it could be read */
export function errorAnswer(error: S3Error, requestId: string, request: SeenRequest | undefined): Answer {
  return {
    status: error.status,
    fields: [
      ...requestFields(requestId),
      HOST_FIELD,
      ...(error.status === 304 ? [] : [['content-type', 'application/xml'] as const]),
      ...Object.entries(error.fields),
    ],
    body: xmlDocument('Error', errorNodes(error, requestId, request)),
  }
}
