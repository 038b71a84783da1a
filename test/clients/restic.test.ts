import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { debianProgram } from '../../tools/debian.ts'
import { keyEnvironment, run, STORES, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

const FILES = 20_000

describe.each(STORES)('restic over %s', kind => {
  test('backs up 20,000 files, checks all data, and restores them', async () => {
    const treuhand = await treuhandOver(kind)
    const restic = await debianProgram('restic')
    const folder = workFolder()
    const env = {
      ...keyEnvironment(treuhand),
      RESTIC_REPOSITORY: `s3:${treuhand.endpoint}/backup`,
      RESTIC_PASSWORD: 'only a test',
      RESTIC_CACHE_DIR: join(folder, 'cache'),
    }
    writeTree(join(folder, 'tree'), FILES, [30 * 2 ** 20])
    await run(restic, ['init'], { env })
    await run(restic, ['backup', '--quiet', 'tree'], { env, cwd: folder })
    await run(restic, ['check', '--read-data'], { env })
    await run(restic, ['restore', 'latest', '--target', join(folder, 'restored')], { env })
    const restored = treeDigest(join(folder, 'restored', 'tree'))
    expect(restored.size).toBe(FILES + 1)
    expect(restored).toEqual(treeDigest(join(folder, 'tree')))
  })
})
