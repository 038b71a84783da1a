import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { BIN } from './places.ts'

/** A program that comes through the Go module proxy. */
export interface GoProgram {
  readonly name: string
  readonly module: string
  /** The package of the command, where it is not the module's own. */
  readonly command?: string
  readonly version: string
}

/**
 * The path of the program in exactly this version: from `.tools/bin`, else from PATH, else installed into
 * `.tools/bin`. The first install of a large one takes up to ten minutes, nearly all of it downloads.
 */
export async function goProgram(program: GoProgram): Promise<string> {
  const folders = [BIN, ...(process.env['PATH'] ?? '').split(delimiter)]
  for (const path of folders.map(folder => join(folder, program.name)))
    if (await isVersion(path, program)) return path
  return install(program)
}

/** Go writes the module and its version into every binary, so nothing needs to be run or trusted by its name. */
async function isVersion(path: string, { module, version }: GoProgram): Promise<boolean> {
  const binary = await readFile(path).catch(() => undefined)
  return binary?.includes(`mod\t${module}\t${version}\t`) ?? false
}

async function install({ name, module, command = module, version }: GoProgram): Promise<string> {
  await mkdir(BIN, { recursive: true })
  console.error(`installing ${name} ${version} from the Go module proxy`)
  await promisify(execFile)('go', ['install', `${command}@${version}`], {
    env: { ...process.env, GOBIN: BIN },
  })
  return join(BIN, name)
}
