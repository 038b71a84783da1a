import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { debianProgram } from '../../tools/debian.ts'
import { run, STORES, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

test.each(STORES)('s3cmd over %s syncs a tree there and back, copies, moves and deletes', async kind => {
  const { endpoint, credential } = await treuhandOver(kind)
  const { host } = new URL(endpoint)
  const folder = workFolder()
  const config = join(folder, 's3cfg')
  writeFileSync(
    config,
    `[default]
access_key = ${credential.accessKeyId}
secret_key = ${credential.secretAccessKey}
host_base = ${host}
host_bucket = ${host}
use_https = False
`,
  )
  const program = await debianProgram('s3cmd')
  const s3cmd = (...args: string[]) =>
    run(program, ['-c', config, '--no-progress', '--multipart-chunk-size-mb=5', ...args], { cwd: folder })

  writeTree(join(folder, 'there'), 20, [21 * 2 ** 20])
  await s3cmd('mb', 's3://s3cmd')
  await s3cmd('sync', '--add-header=x-amz-meta-owner: ada', 'there/', 's3://s3cmd/tree/')
  expect(await s3cmd('sync', 'there/', 's3://s3cmd/tree/')).toBe('')
  expect(await s3cmd('info', 's3://s3cmd/tree/large ü 0.bin')).toMatch(
    /File size: +22020096[\s\S]*owner: +ada/,
  )
  await s3cmd('sync', 's3://s3cmd/tree/', 'back/')
  expect(treeDigest(join(folder, 'back'))).toEqual(treeDigest(join(folder, 'there')))
  await s3cmd('cp', 's3://s3cmd/tree/large ü 0.bin', 's3://s3cmd/copy')
  await s3cmd('mv', 's3://s3cmd/copy', 's3://s3cmd/moved')
  await s3cmd('modify', '--mime-type=image/png', 's3://s3cmd/moved')
  expect(await s3cmd('info', 's3://s3cmd/moved')).toMatch(/MIME type: +image\/png/)
  expect(await s3cmd('ls', 's3://s3cmd')).toMatch(
    /DIR +s3:\/\/s3cmd\/tree\/\n.* 22020096 +s3:\/\/s3cmd\/moved\n$/,
  )
  await s3cmd('rb', '--recursive', '--force', 's3://s3cmd')
})
