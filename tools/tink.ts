import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BIN } from './places.ts'

const SOURCE = join(import.meta.dirname, '..', 'test', 'suites', 'tink')

/** The path of the small program that seals and opens parts by Google's Tink for Go, built on first use. */
export async function tinkProgram(): Promise<string> {
  const program = join(BIN, 'tink')
  await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd: SOURCE })
  return program
}
