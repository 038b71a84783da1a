import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BIN } from './places.ts'

/** The path of the small program that seals and opens parts by Google's Tink for Go, built on first use. */
export const tinkProgram = (): Promise<string> => built('tink', 'suites')

/** The path of the small program that does by minio-go what applications do with objects. */
export const minioGoProgram = (): Promise<string> => built('minio-go', 'clients')

async function built(name: string, of: 'suites' | 'clients'): Promise<string> {
  const program = join(BIN, name)
  const cwd = join(import.meta.dirname, '..', 'test', of, name)
  await promisify(execFile)('go', ['build', '-o', program, '.'], { cwd })
  return program
}
