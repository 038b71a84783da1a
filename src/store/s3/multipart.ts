import type { Store } from '../store.ts'
import { readDocument } from './answers.ts'
import { assertObeyed, type Connection } from './connection.ts'
import { control, PATIENCE_FOR_WORK } from './control.ts'
import { newObjectFields, readAttributes, readETag, writeConditionFields } from './object-headers.ts'
import { copySource, readWorkDone } from './work.ts'
import { element, text, xmlDocument } from './xml-write.ts'

/** Uploads in parts, but for the parts' own bytes. */
export function multipart(
  connection: Connection,
): Pick<Store, 'createUpload' | 'copyPart' | 'completeUpload' | 'abortUpload'> {
  return {
    async createUpload({ bucket, key }, object) {
      const answer = await control(connection, {
        method: 'POST',
        bucket,
        key,
        query: { uploads: '' },
        headers: newObjectFields(object),
      })
      return readDocument(answer, 'InitiateMultipartUploadResult').one('UploadId').text
    },

    async copyPart(from, { first, last }, to, uploadId, number, ifMatch) {
      assertObeyed(connection, 'copy-source', { ifMatch })
      const answer = await control(connection, {
        method: 'PUT',
        bucket: to.bucket,
        key: to.key,
        query: { partNumber: `${number}`, uploadId },
        headers: [
          copySource(from),
          ['x-amz-copy-source-range', `bytes=${first}-${last}`],
          ['x-amz-copy-source-if-match', `"${ifMatch}"`],
        ],
        patience: PATIENCE_FOR_WORK,
      })
      const result = readWorkDone(answer, 'CopyPartResult', connection)
      return { etag: readETag(result.one('ETag').text) }
    },

    async completeUpload({ bucket, key }, uploadId, parts, conditions) {
      assertObeyed(connection, 'complete', conditions)
      const list = parts.map(({ number, etag }) =>
        element('Part', text('PartNumber', number), text('ETag', `"${etag}"`)),
      )
      const answer = await control(connection, {
        method: 'POST',
        bucket,
        key,
        query: { uploadId },
        headers: writeConditionFields(conditions),
        body: xmlDocument('CompleteMultipartUpload', ...list),
        patience: PATIENCE_FOR_WORK,
      })
      const result = readWorkDone(answer, 'CompleteMultipartUploadResult', connection)
      return { etag: readETag(result.one('ETag').text), attributes: readAttributes(answer.headers) }
    },

    async abortUpload({ bucket, key }, uploadId) {
      await control(connection, { method: 'DELETE', bucket, key, query: { uploadId } })
    },
  }
}
