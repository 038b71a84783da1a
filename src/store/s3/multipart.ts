import type { Store } from '../store.ts'
import { assertObeyed, type Connection } from './connection.ts'
import { control } from './control.ts'
import { newObjectFields, readAttributes, readETag, writeConditionFields } from './object-headers.ts'
import { copySource, work } from './work.ts'
import { readXml } from './xml.ts'
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
      return readXml(answer.body).one('UploadId').text
    },

    async copyPart(from, { first, last }, to, uploadId, number, ifMatch) {
      assertObeyed(connection, 'copy-source', { ifMatch })
      const { result } = await work(connection, {
        method: 'PUT',
        bucket: to.bucket,
        key: to.key,
        query: { partNumber: `${number}`, uploadId },
        headers: [
          copySource(from),
          ['x-amz-copy-source-range', `bytes=${first}-${last}`],
          ['x-amz-copy-source-if-match', `"${ifMatch}"`],
        ],
      })
      return { etag: readETag(result.one('ETag').text) }
    },

    async completeUpload({ bucket, key }, uploadId, parts, conditions) {
      assertObeyed(connection, 'complete', conditions)
      const list = parts.map(({ number, etag }) =>
        element('Part', text('PartNumber', number), text('ETag', `"${etag}"`)),
      )
      const { answer, result } = await work(connection, {
        method: 'POST',
        bucket,
        key,
        query: { uploadId },
        headers: writeConditionFields(conditions),
        body: xmlDocument('CompleteMultipartUpload', ...list),
      })
      return { etag: readETag(result.one('ETag').text), attributes: readAttributes(answer.headers) }
    },

    async abortUpload({ bucket, key }, uploadId) {
      await control(connection, { method: 'DELETE', bucket, key, query: { uploadId } })
    },
  }
}
