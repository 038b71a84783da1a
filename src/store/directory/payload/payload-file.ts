import type { Writer } from '../../../wire/body.ts'
import { StoreError } from '../../errors.ts'
import { refuse } from '../refusals.ts'
import type { Blocks } from './blocks.ts'
import { close, diskFailed, fsync, hasCode, open, unlink, writeAll } from './disk.ts'
import { filePath } from './file-name.ts'

/** Payloads up to this many bytes are gathered in memory and written at once. */
const GATHERED = 128 * 1024

/**
 * A payload file being written. `seal` or `discard` ends it; after `seal`, `keep` or `discard`. The first of them
 * counts: who gives up after a failure need not know whether that ended the file already.
 */
export class PayloadFile implements Writer {
  readonly #blocks: Blocks
  readonly #payload: string
  readonly #length: number
  readonly #gathered: Uint8Array | undefined
  #file: number | undefined
  #descriptor: number | undefined
  #written = 0
  #ended = false
  #writing: Promise<void> | undefined

  private constructor(blocks: Blocks, payload: string, length: number) {
    this.#blocks = blocks
    this.#payload = payload
    this.#length = length
    if (length <= GATHERED) this.#gathered = Buffer.allocUnsafe(length)
  }

  /** Begins a file of exactly `length` bytes, at least one. */
  static async begin(blocks: Blocks, payload: string, length: number): Promise<PayloadFile> {
    const file = new PayloadFile(blocks, payload, length)
    if (file.#gathered === undefined) await file.#guard(() => file.#create())
    return file
  }

  write(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    let position = this.#written
    for (const piece of pieces) this.#written += piece.length
    if (this.#written > this.#length) throw refuse('IncompleteBody')
    if (this.#gathered === undefined) {
      const before = this.#writing
      const writing = writeAll(this.#descriptor!, pieces, position).catch(error => {
        throw diskFailed(error)
      })
      this.#writing = before ? Promise.all([before, writing]).then(() => {}) : writing
      return this.#writing
    }
    for (const piece of pieces) {
      this.#gathered.set(piece, position)
      position += piece.length
    }
    return undefined
  }

  /** Makes bytes and name durable. Returns the file's number. Where it throws, the file is gone. */
  seal(): Promise<number> {
    return this.#guard(async () => {
      if (this.#written !== this.#length) throw refuse('IncompleteBody')
      await this.#writing
      if (this.#gathered) {
        await this.#create()
        await writeAll(this.#descriptor!, [this.#gathered], 0)
      }
      await Promise.all([fsync(this.#descriptor!), this.#blocks.syncName(this.#file!)])
      await this.#close()
      return this.#file!
    })
  }

  /** The index names the file now. */
  keep(): void {
    this.#ended = true
    this.#blocks.settle(this.#file!)
  }

  /** Removes the file: no answer stands for it. */
  async discard(): Promise<void> {
    if (this.#ended || this.#file === undefined) return
    this.#ended = true
    await this.#writing?.catch(() => {})
    try {
      await this.#close()
      await unlink(filePath(this.#payload, this.#file))
    } catch (error) {
      // What cannot be removed stays unsettled, so that the next start looks for it.
      if (!hasCode(error, 'ENOENT')) return
    }
    this.#blocks.settle(this.#file)
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      await this.discard()
      throw error instanceof StoreError ? error : diskFailed(error)
    }
  }

  async #create(): Promise<void> {
    this.#file = await this.#blocks.take()
    this.#descriptor = await open(filePath(this.#payload, this.#file), 'wx', 0o600)
  }

  async #close(): Promise<void> {
    if (this.#descriptor === undefined) return
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    await close(descriptor)
  }
}
