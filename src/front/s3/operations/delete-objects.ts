import type { DeleteOutcome, ObjectToDelete } from '../../../store/store.ts'
import { sendXml } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { readSmallBody } from '../body/small-body.ts'
import type { BucketCall, Operation } from '../call.ts'
import { isS3ErrorCode, S3Error, sentenceOf } from '../errors.ts'
import { bypassesGovernance } from '../forms/conditions.ts'
import { readETag } from '../forms/etag.ts'
import { readCount } from '../forms/numbers.ts'
import { MAX_KEY } from '../forms/place.ts'
import { readXml, type XmlElement } from '../xml/read.ts'
import type { XmlNode } from '../xml/write.ts'

const MAX_OBJECTS = 1000
/** A thousand keys of a kilobyte, each octet written as a reference. */
const MAX_DOCUMENT = 8 * 1024 * 1024

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: Operation = {
  name: 'DeleteObjects',
  method: 'POST',
  on: 'bucket',
  selector: { query: ['delete'] },
  // The keys stand in the body; each is checked there.
  action: 'any',
  touchesOthers: true,
  run,
}

async function run(call: BucketCall): Promise<void> {
  const { request, headers, objects, bucket } = call
  const body = plainBody(request.body, headers, call.caller)
  if (headers.get('content-md5') === undefined && body.checksumAlgorithm === undefined)
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    )
  const document = readXml(await readSmallBody(body, MAX_DOCUMENT), 'Delete')
  const listed = document.all('Object').map(readObject)
  if (listed.length > MAX_OBJECTS) throw new S3Error('MalformedXML')
  const allowed = listed.filter(({ key }) => call.may({ action: 'delete', bucket, key }))
  const outcomes: DeleteOutcome[] = listed
    .filter(object => !allowed.includes(object))
    .map(({ key, versionId }) => ({ key, ...(versionId && { versionId }), error: 'AccessDenied' }))
  if (allowed.length > 0)
    outcomes.push(...(await objects.deleteMany(bucket, allowed, bypassesGovernance(headers))))
  const quiet = document.textOf('Quiet')?.trim().toLowerCase() === 'true'
  const told = outcomes.filter(outcome => !quiet || 'error' in outcome)
  await sendXml(call, 'DeleteResult', told.map(outcomeNode))
}

function readObject(element: XmlElement): ObjectToDelete {
  const key = element.textOf('Key')
  if (key === undefined || key === '') throw new S3Error('MalformedXML')
  if (Buffer.byteLength(key) > MAX_KEY) throw new S3Error('KeyTooLongError')
  const versionId = element.textOf('VersionId')
  const ifMatch = readETag(element.textOf('ETag'))
  const ifMatchLastModified = element.textOf('LastModifiedTime')
  const ifMatchSize = readCount(element.textOf('Size'))
  const conditions = {
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifMatchLastModified !== undefined && { ifMatchLastModified }),
    ...(ifMatchSize !== undefined && { ifMatchSize }),
  }
  return {
    key,
    ...(versionId && { versionId }),
    ...(Object.keys(conditions).length > 0 && { conditions }),
  }
}

function outcomeNode(outcome: DeleteOutcome): XmlNode {
  const about: XmlNode[] = [
    ['Key', outcome.key],
    ['VersionId', outcome.versionId],
  ]
  if ('error' in outcome) {
    const code = isS3ErrorCode(outcome.error) ? outcome.error : 'InternalError'
    return ['Error', [...about, ['Code', code], ['Message', sentenceOf(code)]]]
  }
  return [
    'Deleted',
    [
      ...about,
      [
        'DeleteMarker',
        outcome.deleteMarker || outcome.versionId !== undefined ? outcome.deleteMarker : undefined,
      ],
      ['DeleteMarkerVersionId', outcome.deleteMarkerVersionId],
    ],
  ]
}
