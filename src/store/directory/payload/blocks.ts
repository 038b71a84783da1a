import { dirname } from 'node:path'
import type { Catalog } from '../catalog/catalog.ts'
import { mkdir, syncFolder } from './disk.ts'
import { BLOCK, blockFolder, blockOf } from './file-name.ts'

interface Block {
  readonly number: number
  /** Numbers given away so far. */
  given: number
  /** Numbers given whose file is neither named by the index nor gone. */
  unsettled: number
  readonly sync: () => Promise<void>
}

/**
 * Gives out file numbers. A block is reserved in the index before its first file is made, so that after a
 * crash the files which no answer stands for are found by looking into a few folders, never through all.
 */
export class Blocks {
  readonly #catalog: Catalog
  readonly #payload: string
  readonly #session: number
  readonly #open = new Map<number, Block>()
  #current: Block | undefined
  #reserving: Promise<void> | undefined

  constructor(catalog: Catalog, payload: string, session: number) {
    this.#catalog = catalog
    this.#payload = payload
    this.#session = session
  }

  /** A new file number. `settle` must follow. */
  async take(): Promise<number> {
    while (this.#current === undefined || this.#current.given === BLOCK) {
      this.#reserving ??= this.#reserve().finally(() => {
        this.#reserving = undefined
      })
      await this.#reserving
    }
    const block = this.#current
    block.unsettled++
    return block.number * BLOCK + block.given++
  }

  /** No file was given that the index does not name and the disk may still hold. */
  get settled(): boolean {
    return [...this.#open.values()].every(block => block.unsettled === 0)
  }

  /** Makes the file's name durable. Calls that come while one runs share the next. */
  syncName(file: number): Promise<void> {
    return this.#open.get(blockOf(file))!.sync()
  }

  /** The file is named by the index, or gone from the disk. */
  settle(file: number): void {
    const block = this.#open.get(blockOf(file))!
    block.unsettled--
    if (block.unsettled > 0 || block.given < BLOCK) return
    this.#open.delete(block.number)
    // Where this fails, the block stays reserved and the next start looks through it.
    this.#catalog.change('releaseBlock', { number: block.number }).catch(() => {})
  }

  async #reserve(): Promise<void> {
    const number = await this.#catalog.change('reserveBlock', { session: this.#session })
    const folder = blockFolder(this.#payload, number)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(dirname(folder))
    await syncFolder(this.#payload)
    this.#current = { number, given: 0, unsettled: 0, sync: shared(() => syncFolder(folder)) }
    this.#open.set(number, this.#current)
  }
}

/** Runs `work` for each call, but only once for all calls that come while it runs; these wait for a run that begins later. */
function shared(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = (): Promise<void> => {
    next = undefined
    running = work().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (running === undefined) return start()
    next ??= running.then(start, start)
    return next
  }
}
