import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { startVersitygw } from '../harness/versitygw.ts'

const user = { access: 'AKMAIN', secret: 'a secret of the suite', role: 'userplus' } as const
const server = await startVersitygw({ users: [user] })

test('the suites have a store of their own, with users of their own', async () => {
  const client = new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: { accessKeyId: user.access, secretAccessKey: user.secret },
  })
  await client.send(new CreateBucketCommand({ Bucket: 'first' }))
  await client.send(new PutObjectCommand({ Bucket: 'first', Key: 'a/b', Body: 'hello' }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'first', Key: 'a/b' }))
  expect(await Body!.transformToString()).toBe('hello')
})
