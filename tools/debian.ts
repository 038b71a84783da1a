import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Programs that the suites take from Debian. */
export type DebianProgram =
  | 'chromium'
  | 'faketime'
  | 'java'
  | 'javac'
  | 'mvn'
  | 'nginx'
  | 'restic'
  | 's3cmd'
  | 's3fs'
  | 'softhsm2-util'

/** The package that brings a program, where it has another name. */
const PACKAGES: Partial<Record<DebianProgram, string>> = {
  java: 'default-jdk-headless',
  javac: 'default-jdk-headless',
  mvn: 'maven',
  'softhsm2-util': 'softhsm2',
}

/**
 * The path of a program, installed by apt-get where it is missing and we are root.
 * @throws Error that names the package to install
 */
export async function debianProgram(name: DebianProgram): Promise<string> {
  const present = await find(name)
  if (present !== undefined) return present
  const brings = PACKAGES[name] ?? name
  if (process.getuid?.() !== 0) throw new Error(`${name} is missing: install the Debian package ${brings}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await promisify(execFile)('apt-get', ['update', '-q'], { env })
  await promisify(execFile)('apt-get', ['install', '-qy', '--no-install-recommends', brings], { env })
  const installed = await find(name)
  if (installed === undefined) throw new Error(`the Debian package ${brings} brought no program of that name`)
  return installed
}

async function find(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  for (const path of folders.map(folder => join(folder, name))) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return path
  }
  return undefined
}
