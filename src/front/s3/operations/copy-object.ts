import { type CopyObject, NOT_COPIED } from '../../../objects/copy.ts'
import type { ObjectName } from '../../../objects/object.ts'
import { StoreError } from '../../../store/errors.ts'
import { attributeFields, checksumNodes, encryptionFields } from '../answer.ts'
import { nameOf, type ObjectCall, type Operation } from '../call.ts'
import { invalidArgument, S3Error } from '../errors.ts'
import { checkOwner } from '../expected-owner.ts'
import { readConditions, writeConditions } from '../forms/conditions.ts'
import { readCopySource } from '../forms/copy-source.ts'
import { readChecksumAlgorithm } from '../forms/digests.ts'
import { checkEncryption } from '../forms/encryption.ts'
import { quoted } from '../forms/etag.ts'
import { checkLock } from '../forms/lock.ts'
import { readObjectHeaders, readSettings } from '../forms/object-headers.ts'
import { isoTime } from '../forms/times.ts'
import { lockRefused } from '../lock-refused.ts'
import { sendWhenDone } from '../slow-answer.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: Operation = {
  name: 'CopyObject',
  method: 'PUT',
  on: 'object',
  selector: { header: 'x-amz-copy-source' },
  action: 'write',
  touchesOthers: true,
  async run(call) {
    const source = sourceOf(call)
    const copy = readCopy(call)
    await sendWhenDone(call, async () => {
      const answer = await call.objects
        .copy(source, nameOf(call), copy)
        .catch(lockRefused(call.headers))
        .catch(sourceRefused(source))
      return {
        root: 'CopyObjectResult',
        content: [
          ['LastModified', isoTime(answer.lastModified)],
          ['ETag', quoted(answer.etag)],
          ...checksumNodes(answer.checksum),
        ],
        fields: [
          ...attributeFields(answer.attributes),
          ...encryptionFields(call.settings, answer.groupKeyId, copy.headers ?? copy.notCopied),
        ],
      }
    })
  },
}

/**
 * The object that `x-amz-copy-source` names, if the sender may read it.
 * @throws S3Error AccessDenied, InvalidArgument
 */
export function sourceOf(call: ObjectCall): ObjectName {
  const source = readCopySource(call.headers.get('x-amz-copy-source') ?? '')
  checkOwner(call.headers.get('x-amz-source-expected-bucket-owner'), call.caller)
  if (!call.may({ action: 'read', bucket: source.bucket, key: source.key })) throw new S3Error('AccessDenied')
  return { tenant: call.caller.identity.tenant, ...source }
}

/**
 * What the store finds wrong with the name of a source is an argument that the client got wrong; and a version
 * that is missing is one, though a store can say no more to HEAD than 404.
 */
export const sourceRefused =
  ({ versionId }: ObjectName) =>
  (error: unknown): never => {
    if (!(error instanceof StoreError)) throw error
    if (versionId !== undefined && error.code === 'NoSuchKey') throw new S3Error('NoSuchVersion')
    if (error.status !== 400 || error.code === 'InvalidObjectState') throw error
    if (versionId !== undefined) throw invalidArgument('versionId', versionId, 'Invalid version id specified')
    throw invalidArgument('x-amz-copy-source', '', 'Invalid copy source object key')
  }

function readCopy({ headers, now }: ObjectCall): CopyObject {
  checkEncryption(headers)
  checkLock(headers, now)
  const replaces = readDirective('metadata', headers.get('x-amz-metadata-directive')) === 'REPLACE'
  readDirective('tagging', headers.get('x-amz-tagging-directive'))
  const algorithm = headers.get('x-amz-checksum-algorithm')
  const own = readObjectHeaders(headers)
  return {
    ...(replaces ? { headers: own } : { notCopied: own.filter(([name]) => NOT_COPIED.includes(name)) }),
    settings: readSettings(headers),
    conditions: {
      ...readConditions(headers, 'x-amz-copy-source-'),
      destination: writeConditions(headers),
    },
    ...(algorithm && { checksumAlgorithm: readChecksumAlgorithm(algorithm) }),
  }
}

function readDirective(of: 'metadata' | 'tagging', value: string | undefined): 'COPY' | 'REPLACE' {
  if (value === undefined || value === '' || value === 'COPY') return 'COPY'
  if (value === 'REPLACE') return 'REPLACE'
  throw invalidArgument(`x-amz-${of}-directive`, value, `Unknown ${of} directive.`)
}
