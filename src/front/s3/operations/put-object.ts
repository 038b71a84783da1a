import { attributeFields, checksumFields, encryptionFields, sendNothing } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { writeConditions } from '../forms/conditions.ts'
import { checkEncryption } from '../forms/encryption.ts'
import { quoted } from '../forms/etag.ts'
import { checkLock } from '../forms/lock.ts'
import { readObjectHeaders, readSettings } from '../forms/object-headers.ts'
import { lockRefused } from '../lock-refused.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Operation = {
  name: 'PutObject',
  method: 'PUT',
  on: 'object',
  action: 'write',
  takesData: true,
  run,
}

async function run(call: ObjectCall): Promise<void> {
  const { request, headers, objects, settings } = call
  if (request.body.length === 0 && request.headers.get('content-length') === undefined)
    throw new S3Error('MissingContentLength')
  checkEncryption(headers)
  checkLock(headers, call.now)
  const put = {
    headers: readObjectHeaders(headers),
    settings: readSettings(headers),
    conditions: writeConditions(headers),
  }
  const body = plainBody(request.body, headers, call.caller)
  const { etag, groupKeyId, attributes, checksum } = await objects
    .put(nameOf(call), put, body)
    .catch(lockRefused(headers))
  await sendNothing(call, 200, [
    ['etag', quoted(etag)],
    ...attributeFields(attributes),
    ...encryptionFields(settings, groupKeyId, put.headers),
    ...checksumFields(checksum),
    ['x-amz-object-size', String(body.length)],
  ])
}
