import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { pythonProgram } from '../../tools/python.ts'
import { pattern } from '../objects/harness.ts'
import { awsEnvironment, run, STORES, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

describe.each(STORES)('the AWS CLI over %s', kind => {
  let aws: (args: readonly string[]) => Promise<string>
  let folder: string
  beforeAll(async () => {
    const treuhand = await treuhandOver(kind)
    const program = await pythonProgram('aws')
    folder = workFolder()
    // In us-east-1 the CLI signs URLs with Signature Version 2 unless it is told otherwise.
    const config = join(folder, 'config')
    writeFileSync(config, '[default]\ns3 =\n  signature_version = s3v4\n')
    const env = { ...awsEnvironment(treuhand), AWS_CONFIG_FILE: config }
    aws = args => run(program, args, { env, cwd: folder })
  })

  test('makes a bucket, syncs a tree there and back, and copies inside', async () => {
    writeTree(join(folder, 'there'), 60, [20 * 2 ** 20])
    mkdirSync(join(folder, 'back'))
    await aws(['s3', 'mb', 's3://cli'])
    await aws(['s3', 'sync', '--no-progress', 'there', 's3://cli/tree'])
    await aws(['s3', 'cp', '--recursive', 's3://cli/tree', 's3://cli/copy'])
    await aws(['s3', 'sync', '--no-progress', 's3://cli/copy', 'back'])
    expect(treeDigest(join(folder, 'back'))).toEqual(treeDigest(join(folder, 'there')))
    // What is there already is not sent again: sizes in listings are the plaintext's.
    expect(await aws(['s3', 'sync', '--size-only', 'there', 's3://cli/tree'])).toBe('')
    await aws(['s3', 'rb', '--force', 's3://cli'])
  })

  test('puts with headers, reads a range, writes on condition, and signs a URL', async () => {
    const at = ['--bucket', 'api', '--key', 'dir/ü small+1']
    const bytes = pattern(100_000)
    writeFileSync(join(folder, 'body'), bytes)
    await aws(['s3', 'mb', 's3://api'])
    const put = ['s3api', 'put-object', ...at, '--body', 'body', '--if-none-match', '*']
    await aws([...put, '--content-type', 'image/png', '--metadata', 'owner=ada'])
    await expect(aws(put)).rejects.toThrow('PreconditionFailed')
    const head = JSON.parse(await aws(['s3api', 'head-object', ...at, '--checksum-mode', 'ENABLED']))
    expect(head).toMatchObject({
      ContentLength: bytes.length,
      ContentType: 'image/png',
      Metadata: { owner: 'ada' },
      ChecksumType: 'FULL_OBJECT',
    })
    expect(head.ChecksumCRC32).toBeDefined()
    await aws(['s3api', 'get-object', ...at, '--range', 'bytes=65479-65480', 'range'])
    expect(readFileSync(join(folder, 'range')).equals(bytes.subarray(65_479, 65_481))).toBe(true)
    const url = (await aws(['s3', 'presign', 's3://api/dir/ü small+1'])).trim()
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
    await aws(['s3', 'rm', 's3://api/dir/ü small+1'])
    expect(await aws(['s3', 'ls', '--recursive', 's3://api'])).toBe('')
  })
})
