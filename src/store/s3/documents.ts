import { DOCUMENT_HEADERS } from '../documents.ts'
import type { Store } from '../store.ts'
import { broken } from './answers.ts'
import type { Connection } from './connection.ts'
import { control } from './control.ts'
import type { Field } from './object-headers.ts'

const MAX_DOCUMENT = 64 * 1024

/** Sub-resources that the store reads and Treuhand only carries. */
export function documents(
  connection: Connection,
): Pick<Store, 'getDocument' | 'putDocument' | 'deleteDocument'> {
  return {
    async getDocument({ bucket, key, versionId }, name) {
      const query = { [name]: '', versionId }
      const { body } = await control(connection, { method: 'GET', bucket, ...keyed(key), query })
      if (body.length > MAX_DOCUMENT) throw broken(`a ${name} document is larger than ${MAX_DOCUMENT} bytes`)
      return new TextDecoder().decode(body)
    },

    async putDocument({ bucket, key, versionId }, name, { text, headers }) {
      const fields: Field[] = []
      for (const header of DOCUMENT_HEADERS) {
        const value = headers[header]
        if (value !== undefined) fields.push([header, value])
      }
      await control(connection, {
        method: 'PUT',
        bucket,
        ...keyed(key),
        query: { [name]: '', versionId },
        headers: fields,
        ...(text !== undefined && { body: Buffer.from(text) }),
      })
    },

    async deleteDocument(bucket, name) {
      await control(connection, { method: 'DELETE', bucket, query: { [name]: '' } })
    },
  }
}

const keyed = (key: string | undefined) => (key === undefined ? {} : { key })
