import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketTaggingCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

const Bucket = 'settings'
let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await server.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => server.close())

test('tags of a bucket are read, replaced and removed', async () => {
  const read = () => server.client.send(new GetBucketTaggingCommand({ Bucket }))
  await expect(read()).rejects.toMatchObject({ name: 'NoSuchTagSet' })
  const TagSet = [{ Key: 'team', Value: 'A & B'.replace('&', '+') }]
  await server.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  expect((await read()).TagSet).toEqual(TagSet)
  await server.client.send(new DeleteBucketTaggingCommand({ Bucket }))
  await expect(read()).rejects.toMatchObject({ name: 'NoSuchTagSet' })
})

const put = (Rules: LifecycleRule[]) =>
  server.client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  )

test('lifecycle rules come back as they were written, sizes included', async () => {
  const Rules: LifecycleRule[] = [
    {
      ID: 'one',
      Status: 'Enabled',
      Filter: { Prefix: 'logs/' },
      Expiration: { Days: 3 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
    {
      ID: 'two',
      Status: 'Disabled',
      Filter: { And: { Prefix: 'a', Tags: [{ Key: 'k', Value: 'v' }], ObjectSizeGreaterThan: 70_000 } },
      NoncurrentVersionExpiration: { NoncurrentDays: 5, NewerNoncurrentVersions: 2 },
    },
  ]
  await put(Rules)
  expect((await server.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(
    Rules,
  )
  await server.client.send(new DeleteBucketLifecycleCommand({ Bucket }))
  await expect(
    server.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  ).rejects.toMatchObject({
    name: 'NoSuchLifecycleConfiguration',
  })
})

test.each<[string, LifecycleRule[]]>([
  ['MalformedXML', [{ Status: 'enabled' as 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }]],
  ['MalformedXML', []],
  ['InvalidArgument', [{ Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 0 } }]],
  [
    'InvalidArgument',
    [{ ID: 'x'.repeat(256), Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
  ],
  [
    'InvalidArgument',
    ['a', 'a'].map(ID => ({
      ID,
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      Expiration: { Days: 1 },
    })),
  ],
  ['InvalidRequest', [{ Status: 'Enabled', Filter: { Prefix: '' } }]],
])('lifecycle rules that S3 would not take are %s', async (code, rules) => {
  await expect(put(rules)).rejects.toMatchObject({ name: code })
})
