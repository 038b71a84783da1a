import { sendNothing, sendXml } from '../answer.ts'
import type { Operation } from '../call.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export const deleteBucket: Operation = {
  name: 'DeleteBucket',
  method: 'DELETE',
  on: 'bucket',
  action: 'manage',
  async run(call) {
    await call.objects.store.deleteBucket(call.objects.storeBucket(call.bucket))
    await call.settings.cors.remove(call.bucket)
    await sendNothing(call, 204)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export const headBucket: Operation = {
  name: 'HeadBucket',
  method: 'HEAD',
  on: 'bucket',
  action: 'any',
  async run(call) {
    await call.objects.store.headBucket(call.objects.storeBucket(call.bucket))
    await sendNothing(call, 200, [['x-amz-bucket-region', call.settings.region]])
  },
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html: from the configuration, never the
 * store's word; us-east-1 is written as nothing.
 */
export const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['location'] },
  action: 'any',
  async run(call) {
    await call.objects.store.headBucket(call.objects.storeBucket(call.bucket))
    const { region } = call.settings
    await sendXml(call, 'LocationConstraint', region === 'us-east-1' ? '' : region)
  },
}
