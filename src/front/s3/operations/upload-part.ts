import { ObjectError } from '../../../objects/errors.ts'
import { checksumFields, checksumNodes, encryptionFields, sendNothing } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { readConditions } from '../forms/conditions.ts'
import { quoted } from '../forms/etag.ts'
import { readPartNumber } from '../forms/numbers.ts'
import { readCopyRange } from '../forms/range.ts'
import { isoTime } from '../forms/times.ts'
import { sendWhenDone } from '../slow-answer.ts'
import { sourceOf, sourceRefused } from './copy-object.ts'

const QUERY = ['partNumber', 'uploadId'] as const

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: Operation = {
  name: 'UploadPart',
  method: 'PUT',
  on: 'object',
  selector: { query: QUERY },
  action: 'write',
  takesData: true,
  async run(call) {
    const { request, headers, objects, settings } = call
    if (request.body.length === 0 && request.headers.get('content-length') === undefined)
      throw new S3Error('MissingContentLength')
    const { number, uploadId } = partOf(call)
    const body = plainBody(request.body, headers, call.caller)
    const part = await objects.uploadPart(nameOf(call), uploadId, number, body)
    await sendNothing(call, 200, [
      ['etag', quoted(part.etag)],
      ...encryptionFields(settings, part.groupKeyId, part.headers),
      ...checksumFields(part.checksum).slice(0, 1),
    ])
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  method: 'PUT',
  on: 'object',
  selector: { query: QUERY, header: 'x-amz-copy-source' },
  action: 'write',
  touchesOthers: true,
  async run(call) {
    const { headers, objects, settings } = call
    const { number, uploadId } = partOf(call)
    const from = sourceOf(call)
    const range = readCopyRange(headers.get('x-amz-copy-source-range'))
    const conditions = readConditions(headers, 'x-amz-copy-source-')
    await sendWhenDone(call, async () => {
      const part = await objects
        .uploadPartCopy(nameOf(call), uploadId, number, { from, conditions, ...(range && { range }) })
        .catch(sourceRefused(from))
        .catch(rangeRefused)
      return {
        root: 'CopyPartResult',
        content: [
          ['LastModified', isoTime(call.now)],
          ['ETag', quoted(part.etag)],
          ...checksumNodes(part.checksum).slice(0, 1),
        ],
        fields: [
          ...encryptionFields(settings, part.groupKeyId, part.headers),
          ...(part.sourceVersionId === undefined
            ? []
            : [['x-amz-copy-source-version-id', part.sourceVersionId] as const]),
        ],
      }
    })
  },
}

function partOf({ query }: ObjectCall): { readonly number: number; readonly uploadId: string } {
  return { number: readPartNumber(query.get('partNumber') ?? ''), uploadId: query.get('uploadId') ?? '' }
}

/** A range outside of the source is a wrong argument, not an unsatisfiable range. */
function rangeRefused(error: unknown): never {
  if (!(error instanceof ObjectError) || error.code !== 'InvalidRange') throw error
  const size = error.details['ActualObjectSize'] ?? ''
  throw invalidArgument(
    'x-amz-copy-source-range',
    size,
    `Range specified is not valid for source object of size: ${size}`,
  )
}
