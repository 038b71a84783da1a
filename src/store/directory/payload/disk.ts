import fs from 'node:fs'
import { promisify } from 'node:util'
import { StoreUnavailable } from '../../errors.ts'

/** File calls on bare descriptors: cheaper than FileHandle, and a read goes straight into the memory it is given. */
export const open = promisify(fs.open)
export const close = promisify(fs.close)
export const fsync = promisify(fs.fsync)
export const read = promisify(fs.read)
export const unlink = promisify(fs.unlink)
export const mkdir = promisify(fs.mkdir)
export const rmdir = promisify(fs.rmdir)
const writev = promisify(fs.writev)

/** Writes all pieces at `position`. */
export async function writeAll(
  descriptor: number,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = pieces.filter(piece => piece.length > 0)
  while (left.length > 0) {
    let { bytesWritten } = await writev(descriptor, left, position)
    position += bytesWritten
    while (left.length > 0 && bytesWritten >= left[0]!.length) {
      bytesWritten -= left[0]!.length
      left = left.slice(1)
    }
    if (bytesWritten > 0) left = [left[0]!.subarray(bytesWritten), ...left.slice(1)]
  }
}

/** Makes the names in a folder durable. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const descriptor = await open(path, 'r')
  try {
    await fsync(descriptor)
  } finally {
    await close(descriptor)
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** A failure of the disk as the store's callers know it. */
export function diskFailed(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT'))
    return new StoreUnavailable('full', 'the disk of the data folder is full: free space on it')
  return new StoreUnavailable('failed', `the disk of the data folder fails: ${(error as Error).message}`)
}
