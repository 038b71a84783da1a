import { sendNothing, sendXml } from '../answer.ts'
import { readDocument } from '../body/document.ts'
import type { BucketCall, Operation } from '../call.ts'
import { S3Error } from '../errors.ts'
import { corsNodes, readCors } from '../forms/cors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export const getBucketCors: Operation = {
  name: 'GetBucketCors',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['cors'] },
  action: 'configure',
  async run(call) {
    await expectBucket(call)
    const rules = await call.settings.cors.get(call.bucket)
    if (!rules) throw new S3Error('NoSuchCORSConfiguration')
    await sendXml(call, 'CORSConfiguration', corsNodes(rules))
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export const putBucketCors: Operation = {
  name: 'PutBucketCors',
  method: 'PUT',
  on: 'bucket',
  selector: { query: ['cors'] },
  action: 'configure',
  async run(call) {
    const rules = readCors(await readDocument(call, 'CORSConfiguration'))
    await expectBucket(call)
    await call.settings.cors.put(call.bucket, rules)
    await sendNothing(call, 200)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html */
export const deleteBucketCors: Operation = {
  name: 'DeleteBucketCors',
  method: 'DELETE',
  on: 'bucket',
  selector: { query: ['cors'] },
  action: 'configure',
  async run(call) {
    await expectBucket(call)
    await call.settings.cors.remove(call.bucket)
    await sendNothing(call, 204)
  },
}

/** The rules stand on this side: whether there is a bucket for them, the store knows. */
const expectBucket = ({ objects, bucket }: BucketCall) =>
  objects.store.headBucket(objects.storeBucket(bucket))
