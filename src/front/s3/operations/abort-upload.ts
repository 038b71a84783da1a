import { sendNothing } from '../answer.ts'
import { nameOf, type Operation } from '../call.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortUpload: Operation = {
  name: 'AbortMultipartUpload',
  method: 'DELETE',
  on: 'object',
  selector: { query: ['uploadId'] },
  // Whoever may begin an upload may give it up.
  action: 'write',
  async run(call) {
    await call.objects.abortUpload(nameOf(call), call.query.get('uploadId') ?? '')
    await sendNothing(call, 204)
  },
}
