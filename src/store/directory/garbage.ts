import type { Catalog } from './catalog/catalog.ts'
import { hasCode, rmdir, syncFolder, unlink } from './payload/disk.ts'
import { blockFolder, blockOf, filePath } from './payload/file-name.ts'

interface GarbageRow {
  readonly id: number
  readonly file: number
}

/** Removes freed files from the disk, behind the answers. Several processes may do so at once. */
export class GarbageCollector {
  readonly #catalog: Catalog
  readonly #payload: string
  #running: Promise<void> | undefined
  #again = false

  constructor(catalog: Catalog, payload: string) {
    this.#catalog = catalog
    this.#payload = payload
  }

  /** Something may be there to collect. Resolves when it is gone; a file that cannot be removed stays for a later call. */
  collect(): Promise<void> {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false
      let after = 0
      for (let rows = this.#next(after); rows.length > 0; rows = this.#next(after)) {
        after = rows.at(-1)!.id
        const gone: number[] = []
        for (const row of rows) if (await this.#remove(row.file)) gone.push(row.id)
        for (const block of new Set(rows.map(row => blockOf(row.file)))) await this.#settle(block)
        await this.#catalog.change('forgetGarbage', { garbage: gone })
      }
    }
  }

  /** Garbage that no reader may still be about to open. */
  #next(after: number): GarbageRow[] {
    return this.#catalog.read(
      sql => sql.all`SELECT id, file FROM garbage
        WHERE id > ${after} AND id < coalesce((SELECT min(id) FROM pin), ${Number.MAX_SAFE_INTEGER})
        ORDER BY id LIMIT 256`,
    ) as unknown as GarbageRow[]
  }

  async #remove(file: number): Promise<boolean> {
    try {
      await unlink(filePath(this.#payload, file))
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) return false
    }
    return true
  }

  /** Makes removals durable. A block that nobody reserves gets no more files: its folder goes with its last one. */
  async #settle(block: number): Promise<void> {
    const folder = blockFolder(this.#payload, block)
    const reserved = this.#catalog.read(sql => sql.get`SELECT 1 FROM block WHERE number = ${block}`)
    if (!reserved && (await rmdir(folder).then(yes, no))) return
    await syncFolder(folder).catch(error => {
      if (!hasCode(error, 'ENOENT')) throw error
    })
  }
}

const yes = (): boolean => true
const no = (): boolean => false
