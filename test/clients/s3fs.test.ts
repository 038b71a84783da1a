import { existsSync } from 'node:fs'
import { appendFile, chmod, cp, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { debianProgram } from '../../tools/debian.ts'
import { pythonProgram } from '../../tools/python.ts'
import { pattern } from '../objects/harness.ts'
import { awsEnvironment, run, treuhandOver, workFolder } from './setting.ts'
import { treeDigest, writeTree } from './trees.ts'

const MIB = 2 ** 20

test('s3fs mounts a bucket: files are written, read, changed, renamed and removed', async ({ skip }) => {
  skip(!existsSync('/dev/fuse') || process.getuid?.() !== 0, 's3fs needs /dev/fuse, and root to mount by it')
  const treuhand = await treuhandOver('directory')
  const folder = workFolder()
  const mount = join(folder, 'mount')
  const plain = join(folder, 'plain')
  await mkdir(mount)
  await writeFile(
    join(folder, 'passwd'),
    `${treuhand.credential.accessKeyId}:${treuhand.credential.secretAccessKey}\n`,
    { mode: 0o600 },
  )
  await run(await pythonProgram('aws'), ['s3', 'mb', 's3://s3fs'], { env: awsEnvironment(treuhand) })
  const options = [`url=${treuhand.endpoint}`, 'use_path_request_style', 'multipart_size=10']
  await run(await debianProgram('s3fs'), [
    ...['s3fs', mount, '-o', `passwd_file=${join(folder, 'passwd')}`],
    ...options.flatMap(option => ['-o', option]),
  ])
  try {
    writeTree(plain, 20, [25 * MIB + 3])
    await cp(plain, join(mount, 'tree'), { recursive: true })
    expect(treeDigest(join(mount, 'tree'))).toEqual(treeDigest(plain))
    // The same changes on both sides: in the middle, at the end, of name and mode.
    for (const root of [plain, join(mount, 'tree')]) {
      const large = await open(join(root, 'large ü 0.bin'), 'r+')
      await large.write(pattern(100, 9), 0, 100, 12 * MIB)
      await large.close()
      await appendFile(join(root, 'folder 0', 'file-1.txt'), 'more')
      await rename(join(root, 'folder 0', 'file-2.txt'), join(root, 'moved.txt'))
      await chmod(join(root, 'moved.txt'), 0o640)
      await rm(join(root, 'folder 0', 'file-3.txt'))
    }
    expect(treeDigest(join(mount, 'tree'))).toEqual(treeDigest(plain))
    expect((await stat(join(mount, 'tree', 'moved.txt'))).mode & 0o777).toBe(0o640)
    await rm(join(mount, 'tree'), { recursive: true })
    expect(await readdir(mount)).toEqual([])
  } finally {
    // Lazily: what still looks at a file there delays nothing.
    await run('umount', ['--lazy', mount])
  }
})
