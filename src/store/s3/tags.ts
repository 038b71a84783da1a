import type { Store, Tag } from '../store.ts'
import { readTagSet } from './answers.ts'
import type { Connection } from './connection.ts'
import { control } from './control.ts'
import { readVersionId } from './object-headers.ts'
import type { Answer } from './refusal.ts'
import { readXml } from './xml.ts'
import { element, text, xmlDocument } from './xml-write.ts'

type TagCalls = 'getTags' | 'putTags' | 'deleteTags' | 'getBucketTags' | 'putBucketTags' | 'deleteBucketTags'

const TAGGING = { tagging: '' }

export function tags(connection: Connection): Pick<Store, TagCalls> {
  return {
    async getTags({ bucket, key, versionId }) {
      const answer = await control(connection, {
        method: 'GET',
        bucket,
        key,
        query: { ...TAGGING, versionId },
      })
      return { tags: readTags(answer), ...version(answer) }
    },

    async putTags({ bucket, key, versionId }, set) {
      const query = { ...TAGGING, versionId }
      return version(await control(connection, { method: 'PUT', bucket, key, query, body: writeTags(set) }))
    },

    async deleteTags({ bucket, key, versionId }) {
      const query = { ...TAGGING, versionId }
      return version(await control(connection, { method: 'DELETE', bucket, key, query }))
    },

    async getBucketTags(bucket) {
      return readTags(await control(connection, { method: 'GET', bucket, query: TAGGING }))
    },

    async putBucketTags(bucket, set) {
      await control(connection, { method: 'PUT', bucket, query: TAGGING, body: writeTags(set) })
    },

    async deleteBucketTags(bucket) {
      await control(connection, { method: 'DELETE', bucket, query: TAGGING })
    },
  }
}

const readTags = (answer: Answer): Tag[] => readTagSet(readXml(answer.body).one('TagSet'))

function writeTags(set: readonly Tag[]): Buffer {
  const content = set.map(({ key, value }) => element('Tag', text('Key', key), text('Value', value)))
  return xmlDocument('Tagging', element('TagSet', ...content))
}

function version({ headers }: Answer): { versionId?: string } {
  const versionId = readVersionId(headers)
  return versionId === undefined ? {} : { versionId }
}
