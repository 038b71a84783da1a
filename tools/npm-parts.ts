import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Installs npm packages, the first one's presence standing for all, into a folder that is no part of the project. */
export async function installApart(folder: string, packages: readonly [string, ...string[]]): Promise<void> {
  const [first] = packages
  if (existsSync(join(folder, 'node_modules', first.slice(0, first.lastIndexOf('@'))))) return
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }))
  const quietly = ['--save-exact', '--no-audit', '--no-fund']
  await promisify(execFile)('npm', ['install', '--prefix', folder, ...quietly, ...packages])
}
