import fs from 'node:fs'
import { promisify } from 'node:util'
import { StoreUnavailable } from '../../errors.ts'

const statfs = promisify(fs.statfs)

/** Kept free for the index, so that on a full disk objects can still be deleted; less on a small disk. */
const HEADROOM = 64 * 1024 * 1024
const SHARE = 8

/** How long a look at the disk counts, in milliseconds. */
const FRESH = 500

/** Refuses payloads that the disk has no room for, before their bytes come. */
export class Room {
  readonly #path: string
  #free = 0
  #looked = Number.NEGATIVE_INFINITY

  constructor(path: string) {
    this.#path = path
  }

  /** @throws StoreUnavailable `full` where less than the headroom would be left */
  async require(length: number): Promise<void> {
    if (length > this.#free || performance.now() - this.#looked > FRESH) await this.#look()
    if (length > this.#free)
      throw new StoreUnavailable('full', 'the disk of the data folder is full: free space on it')
    this.#free -= length
  }

  async #look(): Promise<void> {
    const { bavail, bsize, blocks } = await statfs(this.#path)
    this.#free = bavail * bsize - Math.min(HEADROOM, (blocks * bsize) / SHARE)
    this.#looked = performance.now()
  }
}
