import type { Writer } from '../../../wire/body.ts'
import { StoreError } from '../../errors.ts'
import type { DataFolder } from '../folder.ts'
import type { Blocks } from './blocks.ts'
import { diskFailed } from './disk.ts'
import { PayloadFile } from './payload-file.ts'
import type { Room } from './room.ts'

interface PayloadWriter<T> extends Writer {
  finish(): Promise<T>
  abort(): void
}

/**
 * Begins a payload of `length` bytes. `publish` enters it into the index, once bytes and name are durable; an
 * empty payload has no file.
 */
export async function writePayload<T>(
  { folder, blocks, room }: { folder: DataFolder; blocks: Blocks; room: Room },
  length: number,
  publish: (file: number | undefined) => Promise<T>,
): Promise<PayloadWriter<T>> {
  if (length === 0) return { write: writeNothing, finish: () => publish(undefined), abort() {} }
  await room.require(length)
  const file = await PayloadFile.begin(blocks, folder.payload, length).catch(error => {
    throw diskFailed(error)
  })
  return {
    write: pieces => file.write(pieces),
    abort: () => void file.discard(),
    async finish() {
      try {
        const published = await publish(await file.seal())
        file.keep()
        return published
      } catch (error) {
        // Where the index failed rather than refused, it may name the file after all: the next start decides.
        if (error instanceof StoreError) await file.discard()
        throw error
      }
    },
  }
}

function writeNothing(pieces: readonly Uint8Array[]): undefined {
  if (pieces.some(piece => piece.length > 0)) throw new StoreError('IncompleteBody', 400)
}
