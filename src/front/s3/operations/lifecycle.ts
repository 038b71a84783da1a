import { sendNothing, sendXml } from '../answer.ts'
import { readDocument } from '../body/document.ts'
import type { Operation } from '../call.ts'
import { lifecycleNodes, readLifecycle } from '../forms/lifecycle.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export const getLifecycle: Operation = {
  name: 'GetBucketLifecycleConfiguration',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['lifecycle'] },
  action: 'configure',
  async run(call) {
    await sendXml(
      call,
      'LifecycleConfiguration',
      lifecycleNodes(await call.objects.getLifecycle(call.bucket)),
    )
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html */
export const putLifecycle: Operation = {
  name: 'PutBucketLifecycleConfiguration',
  method: 'PUT',
  on: 'bucket',
  selector: { query: ['lifecycle'] },
  action: 'configure',
  async run(call) {
    const rules = readLifecycle(await readDocument(call, 'LifecycleConfiguration'))
    await call.objects.putLifecycle(call.bucket, rules)
    await sendNothing(call, 200)
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketLifecycle.html */
export const deleteLifecycle: Operation = {
  name: 'DeleteBucketLifecycle',
  method: 'DELETE',
  on: 'bucket',
  selector: { query: ['lifecycle'] },
  action: 'configure',
  async run(call) {
    await call.objects.store.deleteLifecycle(call.objects.storeBucket(call.bucket))
    await sendNothing(call, 204)
  },
}
