import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { rclone } from '../../tools/rclone.ts'
import { awsEnvironment, run, STORES, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

describe.each(STORES)('rclone over %s', kind => {
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    const treuhand = await treuhandOver(kind)
    env = {
      ...awsEnvironment(treuhand),
      RCLONE_CONFIG: '/dev/null',
      // Provider AWS would take the ETag of a multipart upload for an MD5; provider Other does not.
      RCLONE_CONFIG_T_TYPE: 's3',
      RCLONE_CONFIG_T_PROVIDER: 'Other',
      RCLONE_CONFIG_T_ENV_AUTH: 'true',
      RCLONE_CONFIG_T_ENDPOINT: treuhand.endpoint,
    }
  })

  test('syncs a tree, finds every file as it was, and checks every byte', async () => {
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
  })
})
