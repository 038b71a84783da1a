import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Inputs worth trying again: what reached something new, and what once was wrong. A file each. */
export class Corpus {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** In an order that is the same everywhere. */
  read(): Buffer[] {
    if (!existsSync(this.#folder)) return []
    return readdirSync(this.#folder)
      .sort()
      .map(name => readFileSync(join(this.#folder, name)))
  }

  /** @returns the file that holds it */
  keep(input: Uint8Array, prefix = ''): string {
    mkdirSync(this.#folder, { recursive: true })
    const path = join(this.#folder, prefix + createHash('sha256').update(input).digest('hex').slice(0, 16))
    writeFileSync(path, input)
    return path
  }
}
