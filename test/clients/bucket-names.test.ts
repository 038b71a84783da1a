import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { pythonProgram } from '../../tools/python.ts'
import { sdkFor } from '../harness/s3-client.ts'
import { startVersitygw } from '../harness/versitygw.ts'
import { awsEnvironment, proxyBefore, run } from './setting.ts'

test('a bucket with another name at the store is one to clients, and is there under that', async () => {
  const store = await startVersitygw()
  const treuhand = await proxyBefore(store, { buckets: { photos: 'acme-photos-4711' } })
  const aws = await pythonProgram('aws')
  const cli = async (...args: string[]) => run(aws, args, { env: awsEnvironment(treuhand) })
  const direct = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    forcePathStyle: true,
    credentials: { accessKeyId: store.root.access, secretAccessKey: store.root.secret },
  })
  const policy = (bucket: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:GetObject',
          Resource: `arn:aws:s3:::${bucket}/*`,
        },
      ],
    })

  await cli('s3', 'mb', 's3://photos')
  await cli('s3', 'cp', '--no-progress', aws, 's3://photos/aws')
  await cli('s3', 'cp', 's3://photos/aws', 's3://photos/copy')
  await cli('s3api', 'put-bucket-policy', '--bucket', 'photos', '--policy', policy('photos'))
  expect(JSON.parse(await cli('s3api', 'get-bucket-policy', '--bucket', 'photos')).Policy).toBe(
    policy('photos'),
  )
  const { Buckets } = await direct.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['acme-photos-4711'])
  expect((await cli('s3', 'ls')).split(/\s+/)).toContain('photos')
  await expect(cli('s3', 'ls', 's3://acme-photos-4711')).rejects.toThrow('NoSuchBucket')
  await expect(
    sdkFor(treuhand).send(new CreateBucketCommand({ Bucket: 'acme-photos-4711' })),
  ).rejects.toMatchObject({ name: 'BucketAlreadyExists' })
  await cli('s3', 'rb', '--force', 's3://photos')
  expect((await direct.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([])
})
