import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pattern } from '../objects/harness.ts'

/** Writes a tree of `files` small files, in folders of a hundred, and a few larger ones. */
export function writeTree(root: string, files: number, larger: readonly number[]): void {
  for (let i = 0; i < files; i++) {
    const folder = join(root, `folder ${Math.floor(i / 100)}`)
    if (i % 100 === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file-${i}.txt`), `${i} `.repeat(1 + (i % 97)))
  }
  for (const [i, size] of larger.entries())
    writeFileSync(join(root, `large ü ${i}.bin`), pattern(size, i + 1))
}

/** Every file below a folder, by its path, with the digest of its content. */
export function treeDigest(root: string): Map<string, string> {
  const digests = new Map<string, string>()
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    digests.set(relative(root, path), createHash('sha256').update(readFileSync(path)).digest('hex'))
  }
  return new Map([...digests].sort())
}
