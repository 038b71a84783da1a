import type { Store, StoredBucket } from '../store.ts'
import { broken, readDate } from './answers.ts'
import type { Connection } from './connection.ts'
import { control } from './control.ts'
import type { Field } from './object-headers.ts'
import { readXml } from './xml.ts'
import { text, xmlDocument } from './xml-write.ts'

const BUCKET_HEADERS = new Set([
  'x-amz-acl',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-object-ownership',
])

/** @param region where new buckets stand; `us-east-1` is not named in requests */
export function buckets(
  connection: Connection,
  region: string,
): Pick<Store, 'createBucket' | 'deleteBucket' | 'headBucket' | 'listBuckets'> {
  return {
    async createBucket(bucket, { objectLock, headers: asked = {} }) {
      const headers: Field[] = Object.entries(asked).filter(([name]) => BUCKET_HEADERS.has(name))
      if (objectLock === true) headers.push(['x-amz-bucket-object-lock-enabled', 'true'])
      const body =
        region === 'us-east-1'
          ? {}
          : { body: xmlDocument('CreateBucketConfiguration', text('LocationConstraint', region)) }
      await control(connection, { method: 'PUT', bucket, headers, ...body })
    },

    async deleteBucket(bucket) {
      await control(connection, { method: 'DELETE', bucket })
    },

    async headBucket(bucket) {
      await control(connection, { method: 'HEAD', bucket })
    },

    async listBuckets() {
      const found: StoredBucket[] = []
      let token: string | undefined
      for (let pages = 0; pages < MAX_PAGES; pages++) {
        const answer = await control(connection, { method: 'GET', query: { 'continuation-token': token } })
        const document = readXml(answer.body)
        for (const bucket of document.one('Buckets').all('Bucket'))
          found.push({ name: bucket.one('Name').text, created: readDate(bucket.one('CreationDate')) })
        token = document.optional('ContinuationToken')?.text || undefined
        if (token === undefined) return found
      }
      throw broken(`its list of buckets has more than ${MAX_PAGES} pages`)
    },
  }
}

/** AWS gives up to 10,000 buckets a page. */
const MAX_PAGES = 100
