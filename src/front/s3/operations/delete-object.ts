import { sendNothing } from '../answer.ts'
import { nameOf, type Operation } from '../call.ts'
import { deleteConditions } from '../forms/conditions.ts'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: Operation = {
  name: 'DeleteObject',
  method: 'DELETE',
  on: 'object',
  action: 'delete',
  query: ['versionId'],
  async run(call) {
    const deleted = await call.objects.delete(nameOf(call), deleteConditions(call.headers))
    await sendNothing(call, 204, [
      ...(deleted.deleteMarker ? [['x-amz-delete-marker', 'true'] as const] : []),
      ...(deleted.versionId === undefined ? [] : [['x-amz-version-id', deleted.versionId] as const]),
    ])
  },
}
