import { StoreError } from '../../../store/errors.ts'
import type { BucketSettings } from '../../../store/store.ts'
import { sendNothing } from '../answer.ts'
import { plainBody } from '../body/plain-body.ts'
import { readSmallBody } from '../body/small-body.ts'
import type { BucketCall, Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { readXml } from '../xml/read.ts'

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
  const { objects, bucket, settings } = call
  await checkConfiguration(call)
  try {
    await objects.store.createBucket(objects.storeBucket(bucket), readSettings(call))
  } catch (error) {
    // In us-east-1 a repeat succeeds, as it did before S3 had regions ("CreateBucket", errors).
    const repeated = error instanceof StoreError && error.code === 'BucketAlreadyOwnedByYou'
    if (!repeated || settings.region !== 'us-east-1') throw error
  }
  await sendNothing(call, 200, [['location', `/${bucket}`]])
}

/** @throws S3Error InvalidLocationConstraint, MalformedXML */
async function checkConfiguration(call: BucketCall): Promise<void> {
  const bytes = await readSmallBody(plainBody(call.request.body, call.headers, call.caller), MAX_DOCUMENT)
  if (bytes.length === 0) return
  const location = readXml(bytes, 'CreateBucketConfiguration').textOf('LocationConstraint') ?? ''
  if (location === '') return
  if (location !== call.settings.region || location === 'us-east-1')
    throw new S3Error('InvalidLocationConstraint', undefined, { details: { LocationConstraint: location } })
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
  const fields: Record<string, string> = {}
  for (const name of FIELDS) {
    const value = headers.get(name)
    if (value) fields[name] = value
  }
  const objectLock = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
  return { headers: fields, objectLock }
}
