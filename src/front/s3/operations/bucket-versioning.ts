import { sendNothing, sendXml } from '../answer.ts'
import { readDocument } from '../body/document.ts'
import type { Operation } from '../call.ts'
import { notImplemented, S3Error } from '../errors.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
export const getBucketVersioning: Operation = {
  name: 'GetBucketVersioning',
  method: 'GET',
  on: 'bucket',
  selector: { query: ['versioning'] },
  action: 'configure',
  async run(call) {
    const state = await call.objects.store.getVersioning(call.objects.storeBucket(call.bucket))
    await sendXml(call, 'VersioningConfiguration', [['Status', state]])
  },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export const putBucketVersioning: Operation = {
  name: 'PutBucketVersioning',
  method: 'PUT',
  on: 'bucket',
  selector: { query: ['versioning'] },
  action: 'configure',
  sentences: {
    InvalidBucketState:
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
  },
  async run(call) {
    const document = await readDocument(call, 'VersioningConfiguration')
    if (document.textOf('MfaDelete') === 'Enabled') throw notImplemented('MFA delete')
    const status = document.textOf('Status')
    if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error('MalformedXML')
    await call.objects.store.putVersioning(call.objects.storeBucket(call.bucket), status)
    await sendNothing(call, 200)
  },
}
