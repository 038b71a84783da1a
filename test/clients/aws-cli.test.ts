import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { pythonProgram } from '../../tools/python.ts'
import type { Treuhand } from '../harness/treuhand.ts'
import { pattern } from '../objects/harness.ts'
import { awsEnvironment, run, STORES, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

describe.each(STORES)('the AWS CLI and boto3 over %s', kind => {
  let treuhand: Treuhand
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    treuhand = await treuhandOver(kind)
    env = awsEnvironment(treuhand)
  })

  test('make a bucket, sync a tree there and back, and copy inside', async () => {
    const aws = await pythonProgram('aws')
    const folder = workFolder()
    writeTree(join(folder, 'there'), 60, [20 * 2 ** 20])
    mkdirSync(join(folder, 'back'))
    await run(aws, ['s3', 'mb', 's3://cli'], { env })
    await run(aws, ['s3', 'sync', '--no-progress', join(folder, 'there'), 's3://cli/tree'], { env })
    await run(aws, ['s3', 'cp', '--recursive', 's3://cli/tree', 's3://cli/copy'], { env })
    await run(aws, ['s3', 'sync', '--no-progress', 's3://cli/copy', join(folder, 'back')], { env })
    expect(treeDigest(join(folder, 'back'))).toEqual(treeDigest(join(folder, 'there')))
    // What is there already is not sent again: sizes in listings are the plaintext's.
    const again = await run(aws, ['s3', 'sync', '--size-only', join(folder, 'there'), 's3://cli/tree'], {
      env,
    })
    expect(again).toBe('')
    await run(aws, ['s3', 'rb', '--force', 's3://cli'], { env })
  })

  test('transfer 64 MiB in parts with every checksum', async () => {
    const folder = workFolder()
    writeFileSync(join(folder, 'large'), pattern(64 * 2 ** 20))
    writeFileSync(join(folder, 'transfer.py'), TRANSFER)
    const python = await pythonProgram('python')
    expect(await run(python, ['transfer.py'], { env, cwd: folder })).toBe('5 algorithms\n')
  })
})

const TRANSFER = `
import boto3, filecmp
from boto3.s3.transfer import TransferConfig
s3 = boto3.client('s3')
s3.create_bucket(Bucket='boto')
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']
for algorithm in algorithms:
    s3.upload_file('large', 'boto', algorithm, Config=config, ExtraArgs={'ChecksumAlgorithm': algorithm})
    s3.download_file('boto', algorithm, 'back', Config=config)
    assert filecmp.cmp('large', 'back', shallow=False)
    head = s3.head_object(Bucket='boto', Key=algorithm, ChecksumMode='ENABLED')
    assert head['Checksum' + algorithm], head
    assert head['ContentLength'] == 64 << 20
page = s3.list_objects_v2(Bucket='boto')['Contents']
assert all(entry['Size'] == 64 << 20 for entry in page), page
print(len(algorithms), 'algorithms')
`
