import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rclone } from '../../tools/rclone.ts'
import type { Treuhand } from '../harness/treuhand.ts'
import { awsEnvironment, run, STORES, secureTreuhand, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

/** Syncs a tree, finds every file as it was, checks every byte, and fetches all of it. */
async function syncs(treuhand: Treuhand, settings: NodeJS.ProcessEnv): Promise<void> {
  const env = {
    ...awsEnvironment(treuhand),
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_T_TYPE: 's3',
    RCLONE_CONFIG_T_ENV_AUTH: 'true',
    RCLONE_CONFIG_T_ENDPOINT: treuhand.endpoint,
    ...settings,
  }
  const program = await rclone()
  const folder = workFolder()
  const there = join(folder, 'there')
  writeTree(there, 300, [12 * 2 ** 20, 5 * 2 ** 20, 0])
  const parts = ['--s3-upload-cutoff', '6M', '--s3-chunk-size', '5M']
  await run(program, ['sync', ...parts, there, 't:tree/below'], { env })
  // Sizes and times of the listing are those of the files: nothing is to be done again.
  const compared = await run(program, ['check', '--combined', '-', there, 't:tree/below'], { env })
  expect(compared.split('\n').filter(line => line !== '' && !line.startsWith('= '))).toEqual([])
  await run(program, ['check', '--download', there, 't:tree/below'], { env })
  await run(program, ['copy', 't:tree/below', join(folder, 'back')], { env })
  expect(treeDigest(join(folder, 'back'))).toEqual(treeDigest(there))
}

test.each(STORES)('rclone over %s syncs a tree both ways as provider Other', async kind => {
  await syncs(await treuhandOver(kind), { RCLONE_CONFIG_T_PROVIDER: 'Other' })
})

test('as provider AWS it does so over TLS, if it takes no ETag for an MD5', async () => {
  const { treuhand, ca } = await secureTreuhand()
  await syncs(treuhand, {
    RCLONE_CONFIG_T_PROVIDER: 'AWS',
    RCLONE_CONFIG_T_USE_MULTIPART_ETAG: 'false',
    RCLONE_CONFIG_T_FORCE_PATH_STYLE: 'true',
    RCLONE_CA_CERT: ca,
  })
})
