import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { DirectoryStore } from '../../../src/store/directory/directory-store.ts'
import { openDirectoryStore } from '../../../src/store/directory/open.ts'

/** A folder that goes when the test file has ended. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'treuhand-store-'))
  folders.push(path)
  return path
}
const folders: string[] = []
afterAll(() => Promise.all(folders.map(path => rm(path, { recursive: true, force: true }))))

export async function openTemporary(): Promise<DirectoryStore> {
  return openDirectoryStore({ path: await temporaryFolder() })
}

/** The payload files that lie in a data folder. */
export async function payloadFiles(path: string): Promise<string[]> {
  const entries = await readdir(join(path, 'payload'), { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
