import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the suites install lives here, outside of git; deleting it costs a download. */
export const TOOLS = join(import.meta.dirname, '..', '.tools')
export const BIN = join(TOOLS, 'bin')

/**
 * A new folder for a server's data. In memory where the system has that: ext4 holds about 4 kB of extended
 * attributes a file, tmpfs holds the 30 kB that versitygw may ask for.
 */
export function dataFolder(name: string): Promise<string> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  return mkdtemp(join(parent, `treuhand-${name}-`))
}
