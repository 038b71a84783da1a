import type { ChecksumKind, Deleted, Store, StoredHead } from '../store.ts'
import { readDate } from './answers.ts'
import { assertObeyed, type Connection } from './connection.ts'
import { control } from './control.ts'
import {
  copySourceConditionFields,
  deleteFields,
  type Field,
  newObjectFields,
  readAttributes,
  readConditionFields,
  readETag,
  readLength,
  readStoredHead,
  readVersionId,
  writeConditionFields,
} from './object-headers.ts'
import { checksumFor } from './trailing-checksum.ts'
import { copySource, work } from './work.ts'

/** What is done with one object beside reading and writing its payload. */
export function objects(connection: Connection): Pick<Store, 'head' | 'delete' | 'copy'> {
  return {
    async head({ bucket, key, versionId }, conditions): Promise<StoredHead> {
      const { headers } = await control(connection, {
        method: 'HEAD',
        bucket,
        key,
        query: { versionId },
        headers: readConditionFields(conditions),
      })
      return readStoredHead(headers, readLength(headers.get('content-length'), 'Content-Length'))
    },

    async delete({ bucket, key, versionId }, { bypassGovernance, ...conditions }): Promise<Deleted> {
      assertObeyed(connection, 'delete', conditions)
      const { headers } = await control(connection, {
        method: 'DELETE',
        bucket,
        key,
        query: { versionId },
        headers: deleteFields(conditions, bypassGovernance),
      })
      const deleted = readVersionId(headers)
      return {
        deleteMarker: headers.get('x-amz-delete-marker') === 'true',
        ...(deleted !== undefined && { versionId: deleted }),
      }
    },

    async copy(from, to, object, { destination = {}, ...source }) {
      assertObeyed(connection, 'copy-source', source)
      assertObeyed(connection, 'put', destination)
      const { answer, result } = await work(connection, {
        method: 'PUT',
        bucket: to.bucket,
        key: to.key,
        headers: [
          copySource(from),
          ['x-amz-metadata-directive', 'REPLACE'],
          ...newObjectFields(object),
          ...copyChecksum(connection, object.checksum),
          ...copySourceConditionFields(source),
          ...writeConditionFields(destination),
        ],
      })
      return {
        etag: readETag(result.one('ETag').text),
        lastModified: readDate(result.one('LastModified')),
        attributes: readAttributes(answer.headers),
      }
    },
  }
}

/** Of a copy, the store works the checksum out itself. */
function copyChecksum(connection: Connection, wanted: ChecksumKind | undefined): Field[] {
  const { algorithm } = checksumFor(connection, wanted)
  return connection.abilities.checksums.includes(algorithm) ? [['x-amz-checksum-algorithm', algorithm]] : []
}
