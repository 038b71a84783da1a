import { ListBucketsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { troubleOf } from '../../../src/front/s3/trouble.ts'
import { NoLease } from '../../../src/keys/custodian.ts'
import { StoreError, StoreUnavailable } from '../../../src/store/errors.ts'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

test('a store that fails is one sentence for the client, and its reason an event for the operator', async () => {
  server.events()
  server.store.listBuckets = () => Promise.reject(new StoreUnavailable('unreachable', 'ECONNREFUSED'))
  const refusal = await server.client.send(new ListBucketsCommand({})).catch(error => error)
  expect(refusal).toMatchObject({ name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } })
  expect(JSON.stringify(refusal)).not.toContain('ECONNREFUSED')
  expect(server.events()[0]).toEqual({
    event: 'store-unavailable',
    reason: 'unreachable',
    detail: 'the store is unavailable: ECONNREFUSED',
    requestId: refusal.$metadata.requestId,
  })
})

test('keys that cannot be had are told with the reason, a refusal of the store with its code alone', () => {
  expect(troubleOf(new NoLease('killed', 'The custodian is killed.'))).toEqual({
    event: 'keys-unavailable',
    reason: 'killed',
    detail: 'The custodian is killed.',
  })
  expect(troubleOf(new StoreError('AccessDenied', 403))).toMatchObject({
    event: 'store-refused',
    reason: 'AccessDenied',
  })
  expect(troubleOf(new StoreError('x"\n{"event":"all is well"}', 500))).toMatchObject({ reason: 'unnamed' })
})

test("what a client's own request brings about is no trouble", () => {
  expect(troubleOf(new StoreError('NoSuchKey', 404))).toBeUndefined()
  expect(troubleOf(new StoreError('PreconditionFailed', 412))).toBeUndefined()
})
