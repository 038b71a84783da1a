import { sendNothing } from '../answer.ts'
import { nameOf, type Operation } from '../call.ts'
import { readHttpDate } from '../forms/times.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortUpload: Operation = {
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  on: 'object',
  selector: { query: ['uploadId'] },
  // Whoever may begin an upload may give it up.
  action: 'write',
  async run(call) {
    const initiated = readHttpDate(call.headers.get('x-amz-if-match-initiated-time') ?? '')
    // S3 leaves conditions on the future out of account.
    const condition = initiated && initiated <= call.now ? initiated : undefined
    await call.objects.abortUpload(nameOf(call), call.query.get('uploadId') ?? '', condition)
    await sendNothing(call, 204)
  },
}
