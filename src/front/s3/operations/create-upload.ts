import { type ChecksumType, MULTIPART_TYPES } from '../../../objects/checksum.ts'
import type { UploadChecksum } from '../../../objects/upload.ts'
import type { Headers } from '../../../wire/exchange.ts'
import { encryptionFields, sendXml } from '../answer.ts'
import { nameOf, type Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { invalidValue, readChecksumAlgorithm } from '../forms/digests.ts'
import { checkEncryption } from '../forms/encryption.ts'
import { checkLock } from '../forms/lock.ts'
import { readObjectHeaders, readSettings } from '../forms/object-headers.ts'
import { lockRefused } from '../lock-refused.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createUpload: Operation = {
  name: 'CreateMultipartUpload',
  method: 'POST',
  on: 'object',
  selector: { query: ['uploads'] },
  action: 'write',
  async run(call) {
    const { headers, objects, settings, bucket, key } = call
    checkEncryption(headers)
    checkLock(headers, call.now)
    const checksum = readUploadChecksum(headers)
    const itsHeaders = readObjectHeaders(headers)
    const { uploadId, groupKeyId } = await objects
      .createUpload(nameOf(call), {
        headers: itsHeaders,
        settings: readSettings(headers),
        ...(checksum && { checksum }),
      })
      .catch(lockRefused(headers))
    await sendXml(
      call,
      'InitiateMultipartUploadResult',
      [
        ['Bucket', bucket],
        ['Key', key],
        ['UploadId', uploadId],
      ],
      {
        fields: [
          ...encryptionFields(settings, groupKeyId, itsHeaders),
          ...(checksum
            ? [
                ['x-amz-checksum-algorithm', checksum.algorithm] as const,
                ['x-amz-checksum-type', checksum.type] as const,
              ]
            : []),
        ],
      },
    )
  },
}

/** @throws S3Error InvalidRequest for a type that the algorithm does not have, or that stands alone */
function readUploadChecksum(headers: Headers): UploadChecksum | undefined {
  const name = headers.get('x-amz-checksum-algorithm')
  const type = readChecksumType(headers.get('x-amz-checksum-type'))
  if (!name) {
    if (!type) return undefined
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const algorithm = readChecksumAlgorithm(name)
  const types = MULTIPART_TYPES[algorithm]
  if (type && !types.includes(type))
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  return { algorithm, type: type ?? types[0]! }
}

/** @throws S3Error InvalidRequest */
export function readChecksumType(value: string | undefined): ChecksumType | undefined {
  if (!value) return undefined
  const type = value.toUpperCase()
  if (type !== 'COMPOSITE' && type !== 'FULL_OBJECT') throw invalidValue('x-amz-checksum-type header')
  return type
}
