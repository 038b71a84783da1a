import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CustodyError } from '../errors.ts'
import { type WrappingKey, wrappingKey } from '../wrap.ts'
import type { RootProvider } from './root.ts'

const LENGTH = 32

/**
 * The root as 32 bytes in a file that its owner alone may read: for development, and where the disk is the
 * boundary. An existing file is taken as it is, so that an operator may bring a root of their own.
 */
export function fileRoot(path: string): RootProvider {
  return {
    kind: 'file',
    async create() {
      const existing = await read(path)
      if (existing) return { root: existing, record: {} }
      writeNew(path)
      return { root: await this.open({}), record: {} }
    },
    async open() {
      const root = await read(path)
      if (root) return root
      throw new CustodyError(
        'RootKeyMissing',
        `The root key file ${path} is missing, and no key in the registry opens without it. ` +
          'Put it back from your backup of it.',
      )
    },
  }
}

/** @returns undefined where there is no file */
async function read(path: string): Promise<WrappingKey | undefined> {
  const file = openIfThere(path)
  if (file === undefined) return undefined
  const bytes = new Uint8Array(LENGTH)
  try {
    const { mode, size } = fstatSync(file)
    // Windows keeps no such bits: there the folder's access list is the guard.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0')
      throw unsafe(
        `The root key file ${path} has mode ${shown}, so others can read it. Run: chmod 600 ${path}`,
      )
    }
    if (size !== LENGTH || readSync(file, bytes, 0, LENGTH, 0) !== LENGTH) {
      throw unsafe(
        `The root key file ${path} holds ${size} bytes instead of ${LENGTH}. Put the right file back.`,
      )
    }
    if (bytes.every(byte => byte === 0)) {
      throw unsafe(`The root key file ${path} holds zeros, which is no key. Put the right file back.`)
    }
    return await wrappingKey(bytes)
  } finally {
    bytes.fill(0)
    closeSync(file)
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The file appears whole or not at all, also when the machine stops in between. */
function writeNew(path: string): void {
  const draft = `${path}.new`
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH))
  const file = openSync(draft, 'w', 0o600)
  try {
    writeSync(file, bytes)
    fsyncSync(file)
  } finally {
    bytes.fill(0)
    closeSync(file)
  }
  linkSync(draft, path)
  unlinkSync(draft)
  syncFolder(dirname(path))
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function unsafe(message: string): CustodyError {
  return new CustodyError('RootKeyUnsafe', message)
}
