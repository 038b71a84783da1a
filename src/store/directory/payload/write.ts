import type { Writer } from '../../../wire/body.ts'
import type { Parts } from '../parts.ts'
import { refuse } from '../refusals.ts'
import { PayloadFile } from './payload-file.ts'

interface PayloadWriter<T> extends Writer {
  finish(): Promise<T>
  abort(): void
}

/**
 * Begins a payload of `length` bytes. `publish` enters it into the index, once bytes and name are durable; an
 * empty payload has no file.
 */
export async function writePayload<T>(
  { folder, blocks, room, catalog }: Pick<Parts, 'folder' | 'blocks' | 'room' | 'catalog'>,
  length: number,
  publish: (file: number | undefined) => Promise<T>,
): Promise<PayloadWriter<T>> {
  if (length === 0) return { write: writeNothing, finish: () => publish(undefined), abort() {} }
  await room.require(length)
  const file = await PayloadFile.begin(blocks, folder.payload, length)
  return {
    write: pieces => file.write(pieces),
    abort: () => void file.discard(),
    async finish() {
      const number = await file.seal()
      try {
        const published = await publish(number)
        file.keep()
        return published
      } catch (error) {
        // A refusal changed nothing. A failure may have: the index knows.
        const named = catalog.read(sql => sql.get`SELECT 1 FROM piece WHERE file = ${number}`)
        if (named) file.keep()
        else await file.discard()
        throw error
      }
    },
  }
}

function writeNothing(pieces: readonly Uint8Array[]): undefined {
  if (pieces.some(piece => piece.length > 0)) throw refuse('IncompleteBody')
}
