import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import {
  classPath,
  HADOOP_S3A,
  type JavaLibraries,
  java,
  SDK_V1,
  SDK_V2,
  SDK_V2_29,
} from '../../tools/java.ts'
import { sdkFor } from '../harness/s3-client.ts'
import type { Treuhand } from '../harness/treuhand.ts'
import { keyEnvironment, source, steps, treuhandOver } from './setting.ts'

interface Program {
  readonly libraries: JavaLibraries
  readonly source: string
  readonly bucket: string
  readonly properties?: Readonly<Record<string, string>>
}

async function stepsOf(program: Program, treuhand: Treuhand): Promise<readonly string[]> {
  const properties = { bucket: program.bucket, ...program.properties }
  return steps(
    await java(),
    [
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      ...['-cp', await classPath(program.libraries), source('java', program.source)],
    ],
    { env: keyEnvironment(treuhand) },
  )
}

const sdkV1: Program = { libraries: SDK_V1, source: 'SdkV1.java', bucket: 'java-v1' }
const sdkV2 = {
  libraries: SDK_V2,
  source: 'SdkV2.java',
  bucket: 'java-v2',
  // CRC64NVME it computes by a native library that comes apart.
  properties: { checksums: 'CRC32,CRC32C,SHA1,SHA256' },
} satisfies Program
const sdkV2_29 = {
  libraries: SDK_V2_29,
  source: 'SdkV2.java',
  bucket: 'java-v2-29',
  // Over plain HTTP it takes the digest of SHA-1 and SHA-256 twice, and sends that of nothing.
  properties: { checksums: 'CRC32,CRC32C' },
} satisfies Program

const V1_STEPS = [
  'put and get',
  'parts and ranges',
  'copies',
  'listings',
  'conditions',
  'presigned',
  'deletes',
]
const V2_STEPS = [
  'put and get',
  'parts and ranges',
  'transfers in parallel',
  'checksums',
  'copies',
  'listings',
  'conditional writes',
  'presigned',
  'deletes',
]

test.each([
  ['1.x', sdkV1, V1_STEPS],
  ['2.29', sdkV2_29, V2_STEPS],
  ['2.x', sdkV2, V2_STEPS],
] as const)('the AWS SDK for Java %s does over a directory what applications do', async (_, program, all) => {
  expect(await stepsOf(program, await treuhandOver('directory'))).toEqual(all)
})

test('the AWS SDK for Java 2.x does so over versitygw', async () => {
  expect(await stepsOf(sdkV2, await treuhandOver('versitygw'))).toEqual(V2_STEPS)
})

test('where no encryption is announced, version 2.29 takes an ETag for an MD5', async () => {
  const treuhand = await treuhandOver('directory', { announceEncryption: false })
  const s3 = sdkFor(treuhand)
  await s3.send(new CreateBucketCommand({ Bucket: 'plain' }))
  const put = await s3.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: 'x' }))
  expect(put.ServerSideEncryption).toBeUndefined()
  await expect(stepsOf(sdkV2_29, treuhand)).rejects.toThrow("Invalid base 16 character: '-'")
})

test('Hadoop writes, reads, lists, renames and deletes files by S3A', async () => {
  const treuhand = await treuhandOver('directory')
  await sdkFor(treuhand).send(new CreateBucketCommand({ Bucket: 's3a' }))
  const program = { libraries: HADOOP_S3A, source: 'S3A.java', bucket: 's3a' }
  expect(await stepsOf(program, treuhand)).toEqual([
    'files and folders',
    'parts and ranges',
    'vectors',
    'listings',
    'renames',
    'deletes',
  ])
})
