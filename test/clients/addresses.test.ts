import { readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { pythonProgram } from '../../tools/python.ts'
import { pattern } from '../objects/harness.ts'
import { awsEnvironment, run, secureTreuhand, source, workFolder } from './setting.ts'

type Secure = Awaited<ReturnType<typeof secureTreuhand>>

describe('over TLS', () => {
  let secure: Secure
  let endpoint: string
  beforeAll(async () => {
    secure = await secureTreuhand()
    endpoint = `https://${secure.domain}:${new URL(secure.treuhand.endpoint).port}`
  })

  test('the AWS CLI sends and fetches a file, where it knows the authority', async () => {
    const aws = await pythonProgram('aws')
    const folder = workFolder()
    const trusting = { ...awsEnvironment(secure.treuhand), AWS_CA_BUNDLE: secure.ca }
    const { AWS_CA_BUNDLE: _, ...doubting } = trusting
    writeFileSync(join(folder, 'there'), pattern(20 * 2 ** 20))
    await run(aws, ['s3', 'mb', 's3://tls'], { env: trusting })
    const copy = (from: string, to: string, env: NodeJS.ProcessEnv) =>
      run(aws, ['s3', 'cp', '--no-progress', from, to], { env, cwd: folder })
    await copy('there', 's3://tls/file', trusting)
    await copy('s3://tls/file', 'back', trusting)
    expect(readFileSync(join(folder, 'back')).equals(pattern(20 * 2 ** 20))).toBe(true)
    await expect(copy('s3://tls/file', 'again', doubting)).rejects.toThrow('CERTIFICATE_VERIFY_FAILED')
  })

  test('boto3 finds a bucket by its host name', async () => {
    const env = {
      ...awsEnvironment(secure.treuhand),
      AWS_CA_BUNDLE: secure.ca,
      AWS_ENDPOINT_URL: endpoint,
      DOMAIN: secure.domain,
    }
    const hosts = await run(await pythonProgram('python'), [source('python', 'virtual_hosts.py')], { env })
    expect(hosts).toBe('photos.s3.example.test s3.example.test\n')
  })

  test('the AWS SDK for JavaScript does, too, as it comes', async () => {
    const asked = new Set<string>()
    const httpsAgent = new Agent({
      ca: readFileSync(secure.ca),
      lookup: (host, options, found) => {
        asked.add(host)
        if (options.all) found(null, [{ address: '127.0.0.1', family: 4 }])
        else found(null, '127.0.0.1', 4)
      },
    })
    const s3 = new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { ...secure.treuhand.credential },
      requestHandler: { httpsAgent },
    })
    const at = { Bucket: 'letters', Key: 'dir/ü small+1' }
    await s3.send(new CreateBucketCommand({ Bucket: at.Bucket }))
    await s3.send(new PutObjectCommand({ ...at, Body: 'small' }))
    const { Body } = await s3.send(new GetObjectCommand(at))
    expect(await Body!.transformToString()).toBe('small')
    expect([...asked]).toEqual(['letters.s3.example.test'])
    s3.destroy()
  })
})
