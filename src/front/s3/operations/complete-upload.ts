import type { Checksum } from '../../../objects/checksum.ts'
import { CHECKSUM_ALGORITHMS } from '../../../objects/checksum.ts'
import type { ListedPart } from '../../../objects/chosen-parts.ts'
import type { Headers } from '../../../wire/exchange.ts'
import { attributeFields, checksumNodes, encryptionFields } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { readSmallBody } from '../body/small-body.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { writeConditions } from '../forms/conditions.ts'
import { checksumHeader, invalidValue, readChecksumField, readChecksumValue } from '../forms/digests.ts'
import { quoted, readETag } from '../forms/etag.ts'
import { MAX_PARTS } from '../forms/numbers.ts'
import { locationOf } from '../location.ts'
import { sendWhenDone } from '../slow-answer.ts'
import { readXml, type XmlElement } from '../xml/read.ts'
import { readChecksumType } from './create-upload.ts'

/** Ten thousand parts, each with its ETag and the longest checksum. */
const MAX_DOCUMENT = 8 * 1024 * 1024

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export const completeUpload: Operation = {
  name: 'CompleteMultipartUpload',
  method: 'POST',
  on: 'object',
  selector: { query: ['uploadId'] },
  action: 'write',
  async run(call) {
    const { headers, objects, settings, bucket, key } = call
    const parts = await readParts(call)
    const checksum = readWholeChecksum(headers)
    const type = readChecksumType(headers.get('x-amz-checksum-type'))
    const size = readObjectSize(headers.get('x-amz-mp-object-size'))
    const conditions = writeConditions(headers)
    await sendWhenDone(call, async () => {
      const answer = await objects.completeUpload(nameOf(call), call.query.get('uploadId') ?? '', {
        parts,
        ...(checksum && { checksum }),
        ...(type && { checksumType: type }),
        ...(size !== undefined && { size }),
        conditions,
      })
      return {
        root: 'CompleteMultipartUploadResult',
        content: [
          ['Location', locationOf(call, key)],
          ['Bucket', bucket],
          ['Key', key],
          ['ETag', quoted(answer.etag)],
          ...checksumNodes(answer.checksum, parts.length),
        ],
        fields: [...attributeFields(answer.attributes), ...encryptionFields(settings, answer.groupKeyId)],
      }
    })
  },
}

async function readParts(call: ObjectCall): Promise<ListedPart[]> {
  const body = plainBody(call.request.body, bodyHeaders(call.headers), call.caller)
  const document = readXml(await readSmallBody(body, MAX_DOCUMENT), 'CompleteMultipartUpload')
  const parts = document.all('Part').map(readPart)
  if (parts.length === 0 || parts.length > MAX_PARTS) throw new S3Error('MalformedXML')
  return parts
}

/** The checksum in the fields is that of the object, not of this document. */
function bodyHeaders(headers: Headers): Headers {
  const pairs = headers.pairs.filter(([name]) => !name.startsWith('x-amz-checksum-'))
  return {
    ...headers,
    pairs,
    get: name => (name.startsWith('x-amz-checksum-') ? undefined : headers.get(name)),
  }
}

function readPart(element: XmlElement): ListedPart {
  const number = element.textOf('PartNumber')
  const etag = readETag(element.textOf('ETag'))
  if (number === undefined || etag === undefined || !/^-?\d{1,9}$/.test(number))
    throw new S3Error('MalformedXML')
  if (Number(number) < 1) throw invalidArgument('PartNumber', number, 'PartNumber must be >= 1')
  const checksum = readPartChecksum(element)
  return { number: Number(number), etag, ...(checksum && { checksum }) }
}

function readPartChecksum(element: XmlElement): ListedPart['checksum'] {
  const given = CHECKSUM_ALGORITHMS.map(algorithm => ({
    algorithm,
    text: element.textOf(`Checksum${algorithm}`),
  })).filter(({ text }) => text !== undefined && text !== '')
  const [first] = given
  if (!first) return undefined
  const value = readChecksumValue(first.algorithm, first.text ?? '')
  if (given.length > 1 || !value)
    throw invalidArgument('Checksum', '', 'Invalid Base64 or multiple checksums present in request')
  return { algorithm: first.algorithm, value }
}

/** The checksum of the whole object; one of checksums ends with the number of parts. */
function readWholeChecksum(headers: Headers): Checksum | undefined {
  const field = readChecksumField(headers)
  if (!field) return undefined
  const [text = '', parts] = field.text.split(/-(?=\d{1,5}$)/)
  const value = readChecksumValue(field.algorithm, text)
  if (!value) throw invalidValue(`${checksumHeader(field.algorithm)} header`)
  return { algorithm: field.algorithm, type: parts === undefined ? 'FULL_OBJECT' : 'COMPOSITE', value }
}

/** @throws S3Error InvalidRequest */
function readObjectSize(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined
  if (/^-\d+$/.test(value))
    throw new S3Error('InvalidRequest', `Value for x-amz-mp-object-size header is less than zero: '${value}'`)
  if (!/^\d{1,15}$/.test(value))
    throw new S3Error('InvalidRequest', `Value for x-amz-mp-object-size header is invalid: '${value}'`)
  return Number(value)
}
