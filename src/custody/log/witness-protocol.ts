import { CustodyError } from '../errors.ts'
import { type Note, readNote, writeNote } from './note.ts'
import type { Hash } from './tree.ts'

/** `add-checkpoint` of the witness protocol (c2sp.org/tlog-witness): what goes over the wire. */
export interface AddCheckpoint {
  /** The size that the witness is believed to hold. */
  readonly old: number
  readonly proof: readonly Hash[]
  readonly note: Note
}

const MAX_PROOF = 63
export const MAX_REQUEST = 65_536

export function writeAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  return `old ${old}\n${proof.map(hash => `${hash.toString('base64')}\n`).join('')}\n${writeNote(note)}`
}

/** @throws CustodyError `Malformed`, `TooLarge` */
export function readAddCheckpoint(body: Uint8Array): AddCheckpoint {
  if (body.length > MAX_REQUEST)
    throw new CustodyError('TooLarge', `a request holds at most ${MAX_REQUEST} bytes`)
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const split = bytes.indexOf('\n\n')
  const [first, ...lines] = bytes.toString('latin1', 0, Math.max(split, 0)).split('\n')
  const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first!)?.[1]
  if (!old || !Number.isSafeInteger(Number(old)) || lines.length > MAX_PROOF)
    throw new CustodyError('Malformed', 'the request reads: old size, proof, empty line, checkpoint')
  return { old: Number(old), proof: lines.map(readHash), note: readNote(bytes.subarray(split + 2)) }
}

/** @throws CustodyError `Malformed` */
export function readHash(line: string): Hash {
  const hash = Buffer.from(line, 'base64')
  if (hash.length !== 32 || hash.toString('base64') !== line)
    throw new CustodyError('Malformed', 'a hash is 32 bytes in base64')
  return hash
}
