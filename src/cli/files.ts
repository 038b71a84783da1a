import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CannotStart } from './cannot-start.ts'

/** The name's end of a file that is being written. */
export const DRAFT = '.new'

/**
 * Writes a new file of mode 0600 that appears whole or not at all, also when the machine stops in between.
 * @throws Error EEXIST where the file is there already
 */
export function writeSecretFile(path: string, content: string | Uint8Array): void {
  const draft = writeDraft(path, content)
  try {
    linkSync(draft, path)
  } finally {
    unlinkSync(draft)
  }
  syncFolder(dirname(path))
}

/** Writes a file of mode 0600 in place of what was there, in one step. */
export function replaceSecretFile(path: string, content: string): void {
  renameSync(writeDraft(path, content), path)
  syncFolder(dirname(path))
}

function writeDraft(path: string, content: string | Uint8Array): string {
  const draft = `${path}${DRAFT}`
  rmSync(draft, { force: true })
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, Buffer.from(content))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return draft
}

/**
 * Reads a file that only its owner may read; undefined where there is none.
 * @throws CannotStart where others may read it
 */
export function readSecretFile(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    // Windows keeps no such bits: there the folder's access list is the guard.
    if (process.platform !== 'win32' && (fstatSync(file).mode & 0o077) !== 0)
      throw new CannotStart(`Others may read ${path}, which holds a secret. Run: chmod 600 ${path}`)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
