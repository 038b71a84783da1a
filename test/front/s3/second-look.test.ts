import { expect, test } from 'vitest'
import { S3Error } from '../../../src/front/s3/errors.ts'
import { readQuery } from '../../../src/front/s3/forms/query.ts'
import { OPERATIONS } from '../../../src/front/s3/operations/all.ts'
import { type FailedRequest, secondLook } from '../../../src/front/s3/second-look.ts'
import { Objects } from '../../../src/objects/objects.ts'
import { type RefusalReason, StoreError } from '../../../src/store/errors.ts'
import { openRoom } from '../../objects/harness.ts'

async function heard(
  name: string,
  error: StoreError,
  request: Partial<FailedRequest> = {},
): Promise<{ code: string; message: string }> {
  const { room, close } = await openRoom()
  const operation = OPERATIONS.find(one => one.name === name)!
  const { code, message } = await secondLook(new S3Error('AccessDenied'), error, {
    operation,
    place: { kind: 'object', bucket: 'photos', key: 'a/b' },
    query: readQuery(''),
    objects: new Objects(room),
    tenant: 'acme',
    accessKeyId: 'AKALICE',
    ...request,
  })
  await close()
  return { code, message }
}

const denied = (reason?: RefusalReason) => new StoreError('AccessDenied', 403, {}, reason)
const BY_POLICY: RefusalReason = { kind: 'explicit-deny', action: 's3:PutObject' }

test('who is denied by a policy of the store hears it under the name that the proxy knows', async () => {
  expect(await heard('PutObject', denied(BY_POLICY))).toEqual({
    code: 'AccessDenied',
    message:
      'User: AKALICE is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::photos/a/b" with an explicit deny in a resource-based policy',
  })
  expect((await heard('PutObject', denied())).message).toBe('Access Denied.')
})

test('a version whose name nobody can read changes nothing about what failed', async () => {
  for (const query of ['versionId=%FF', 'versionId=a&versionId=b'])
    expect(await heard('PutObject', denied(), { query: readQuery(query) })).toMatchObject({
      code: 'AccessDenied',
    })
})

test('of a copy that a policy denies, no object is named', async () => {
  const { message } = await heard('CopyObject', denied(BY_POLICY), { source: 'secrets' })
  expect(message).toBe('Access Denied.')
})

test.each(['GetObject', 'GetObjectAttributes'])('%s of a version that cannot be one says so', async name => {
  const error = new StoreError('InvalidRequest', 400)
  const query = readQuery('versionId=none')
  expect(await heard(name, error, { query })).toEqual({
    code: 'InvalidArgument',
    message: 'Invalid version id specified',
  })
})
