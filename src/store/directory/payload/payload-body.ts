import type { Body, Sink } from '../../../wire/body.ts'
import { StoreUnavailable } from '../../errors.ts'
import type { Piece } from '../transactions/pieces.ts'
import { close, diskFailed, open, read } from './disk.ts'
import { filePath } from './file-name.ts'

/** Up to this many files are opened before an answer is given; readers of more pin what they read in the index. */
export const OPENED = 16

/**
 * Payload read from its files, straight into the sink's memory. The files of its first pieces are open already,
 * and the rest is pinned: whatever happens to the object meanwhile, its reader gets the bytes it began with.
 */
export class PayloadBody implements Body {
  readonly length: number
  readonly #payload: string
  readonly #pieces: readonly Piece[]
  readonly #descriptors: (number | undefined)[]
  readonly #ended: () => void
  #reading = false
  #discarded = false

  private constructor(payload: string, pieces: readonly Piece[], descriptors: number[], ended: () => void) {
    this.length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    this.#payload = payload
    this.#pieces = pieces
    this.#descriptors = descriptors
    this.#ended = ended
  }

  /** `ended` is called once, when nothing will be read any more. @throws ENOENT where a file went before it was opened */
  static async open(payload: string, pieces: readonly Piece[], ended: () => void): Promise<PayloadBody> {
    const descriptors: number[] = []
    try {
      for (const piece of pieces.slice(0, OPENED))
        descriptors.push(await open(filePath(payload, piece.file), 'r'))
    } catch (error) {
      await Promise.all(descriptors.map(descriptor => close(descriptor)))
      throw error
    }
    return new PayloadBody(payload, pieces, descriptors, ended)
  }

  async readInto(sink: Sink): Promise<void> {
    if (this.#reading || this.#discarded) throw new Error('a body is read once')
    this.#reading = true
    try {
      for (const [i, piece] of this.#pieces.entries()) {
        this.#descriptors[i] ??= await this.#open(piece)
        await this.#readPiece(this.#descriptors[i], piece, sink)
        await this.#close(i)
      }
    } finally {
      await this.#end()
    }
  }

  discard(): void {
    if (this.#discarded) return
    this.#discarded = true
    // A read under way keeps its descriptor until it returns: closed now, the number could name another file by then.
    if (!this.#reading) this.#end().catch(() => {})
  }

  async #readPiece(descriptor: number, piece: Piece, sink: Sink): Promise<void> {
    let position = piece.first
    const end = piece.first + piece.length
    while (position < end) {
      if (this.#discarded) throw new StoreUnavailable('failed', 'the reader gave up')
      const space = sink.space()
      const length = Math.min(space.length, end - position)
      const { bytesRead } = await read(descriptor, space, 0, length, position).catch(error => {
        throw diskFailed(error)
      })
      if (bytesRead === 0)
        throw new StoreUnavailable('failed', 'a payload file is shorter than the index says')
      position += bytesRead
      const wait = sink.filled(bytesRead)
      if (wait) await wait
    }
  }

  #open(piece: Piece): Promise<number> {
    return open(filePath(this.#payload, piece.file), 'r').catch(error => {
      throw diskFailed(error)
    })
  }

  async #close(i: number): Promise<void> {
    const descriptor = this.#descriptors[i]
    this.#descriptors[i] = undefined
    if (descriptor !== undefined) await close(descriptor)
  }

  async #end(): Promise<void> {
    try {
      await Promise.all(this.#descriptors.map((_, i) => this.#close(i)))
    } finally {
      this.#ended()
    }
  }
}
