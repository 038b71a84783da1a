import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LogStore } from './store.ts'
import { packEntries } from './tiles.ts'

/** A log as files, by their paths in c2sp.org/tlog-tiles: `checkpoint`, `tile/0/000.p/7`, `tile/entries/000`. */
export interface LogFiles {
  read(path: string): Promise<Uint8Array | undefined>
}

/** The files of a log that lies in a registry, as the custodian serves them. */
export function storedFiles(store: LogStore): LogFiles {
  return {
    async read(path) {
      if (path === 'checkpoint') {
        const note = (await store.witnessed()) ?? (await store.head())
        return note === undefined ? undefined : Buffer.from(note)
      }
      const tile = readTilePath(path)
      if (!tile) return undefined
      const { level, index, width } = tile
      if (level === 'entries') {
        const leaves = await store.leaves(index * 256, index * 256 + width)
        return leaves.length === width ? packEntries(leaves) : undefined
      }
      const hashes = await store.tile(level, index)
      return hashes && hashes.length >= width * 32 ? hashes.subarray(0, width * 32) : undefined
    },
  }
}

/** Files in a directory: a mirror. */
export function mirroredFiles(
  directory: string,
): LogFiles & { write(path: string, bytes: Uint8Array): Promise<void> } {
  return {
    async read(path) {
      try {
        return await readFile(join(directory, path))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async write(path, bytes) {
      await writeDurably(join(directory, path), bytes)
    },
  }
}

/** Writes a file so that after a crash it is there whole, or as it was. */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const draft = `${path}.${randomUUID()}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  const entry = await open(folder, 'r')
  try {
    await entry.sync()
  } finally {
    await entry.close()
  }
}

function readTilePath(path: string): { level: number | 'entries'; index: number; width: number } | undefined {
  const match =
    /^tile\/(entries|0|[1-5]?[0-9])\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path)
  if (!match) return undefined
  const width = match[3] === undefined ? 256 : Number(match[3])
  if (match[3] !== undefined && width > 255) return undefined
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  return { level, index: Number(match[2]!.replaceAll(/[x/]/g, '')), width }
}
