import type { BucketSettings } from '../../../store/store.ts'
import type { Tag } from '../../../store/tag.ts'
import { sendNothing } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { readSmallBody } from '../body/small-body.ts'
import type { BucketCall, Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { OWNERSHIPS } from '../forms/ownership.ts'
import { checkTags, MAX_BUCKET_TAGS } from '../forms/tags.ts'
import { readXml } from '../xml/read.ts'
import { readTags } from './object-tagging.ts'

const MAX_DOCUMENT = 64 * 1024

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export const createBucket: Operation = {
  name: 'CreateBucket',
  method: 'PUT',
  on: 'bucket',
  action: 'manage',
  run,
}

async function run(call: BucketCall): Promise<void> {
  const { objects, bucket } = call
  const tags = await readConfiguration(call)
  // The store has a bucket of that name, for which applications use another.
  if (!objects.isBucketName(bucket)) throw new S3Error('BucketAlreadyExists')
  const name = objects.storeBucket(bucket)
  await objects.store.createBucket(name, readSettings(call))
  if (tags.length > 0) await objects.store.putBucketTags(name, tags)
  await sendNothing(call, 200, [
    ['location', `/${bucket}`],
    ['x-amz-bucket-arn', `arn:aws:s3:::${bucket}`],
  ])
}

/**
 * Reads the document that may come with the request, for the tags that it gives the bucket.
 * @throws S3Error InvalidLocationConstraint, MalformedXML, InvalidTag
 */
async function readConfiguration(call: BucketCall): Promise<readonly Tag[]> {
  const bytes = await readSmallBody(plainBody(call.request.body, call.headers, call.caller), MAX_DOCUMENT)
  if (bytes.length === 0) return []
  const document = readXml(bytes, 'CreateBucketConfiguration')
  const location = document.textOf('LocationConstraint') ?? ''
  if (location !== '' && (location !== call.settings.region || location === 'us-east-1'))
    throw new S3Error('InvalidLocationConstraint', undefined, { details: { LocationConstraint: location } })
  const tags = readTags(document.child('Tags'))
  checkTags(tags, MAX_BUCKET_TAGS)
  return tags
}

const FIELDS = [
  'x-amz-acl',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-object-ownership',
] as const

function readSettings({ headers }: BucketCall): BucketSettings {
  const ownership = headers.get('x-amz-object-ownership')
  if (ownership && !OWNERSHIPS.includes(ownership))
    throw new S3Error('InvalidArgument', `Invalid x-amz-object-ownership header: ${ownership}`, {
      details: { ArgumentName: 'x-amz-object-ownership' },
    })
  const fields: Record<string, string> = {}
  for (const name of FIELDS) {
    const value = headers.get(name)
    if (value) fields[name] = value
  }
  const objectLock = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
  return { headers: fields, objectLock }
}
