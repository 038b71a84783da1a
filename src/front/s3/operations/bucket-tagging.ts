import { sendNothing, sendXml } from '../answer.ts'
import { readDocument } from '../body/document.ts'
import type { Operation } from '../call.ts'
import { checkTags, MAX_BUCKET_TAGS } from '../forms/tags.ts'
import { readTagging, taggingNodes } from './object-tagging.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html */
export const getBucketTagging: Operation = {
  name: 'GetBucketTagging',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['tagging'] },
  action: 'configure',
  async run(call) {
    const tags = await call.objects.store.getBucketTags(call.objects.storeBucket(call.bucket))
    await sendXml(call, 'Tagging', taggingNodes(tags))
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
export const putBucketTagging: Operation = {
  name: 'PutBucketTagging',
  method: 'PUT',
  on: 'bucket',
  selector: { query: ['tagging'] },
  action: 'configure',
  async run(call) {
    const tags = readTagging(await readDocument(call, 'Tagging'))
    checkTags(tags, MAX_BUCKET_TAGS)
    await call.objects.store.putBucketTags(call.objects.storeBucket(call.bucket), tags)
    await sendNothing(call, 204)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html */
export const deleteBucketTagging: Operation = {
  name: 'DeleteBucketTagging',
  method: 'DELETE',
  on: 'bucket',
  selector: { query: ['tagging'] },
  action: 'configure',
  async run(call) {
    await call.objects.store.deleteBucketTags(call.objects.storeBucket(call.bucket))
    await sendNothing(call, 204)
  },
}
