import { CustodyError } from '../errors.ts'
import { openCheckpoint } from './checkpoint.ts'
import { readNote, type Verifier } from './note.ts'
import { type Hash, leafHash, verifyInclusion } from './tree.ts'
import { cosignatureTime } from './witness-client.ts'
import { readHash } from './witness-protocol.ts'

/** A proof that needs no network: c2sp.org/tlog-proof@v1. */
export interface LogProof {
  readonly index: number
  readonly hashes: readonly Hash[]
  /** The checkpoint with its signatures, as it came. */
  readonly checkpoint: string
}

const HEADER = 'c2sp.org/tlog-proof@v1'

export function writeProof({ index, hashes, checkpoint }: LogProof): string {
  const lines = hashes.map(hash => `${hash.toString('base64')}\n`).join('')
  return `${HEADER}\nindex ${index}\n${lines}\n${checkpoint}`
}

/** @throws CustodyError `Malformed` */
export function readProof(text: string): LogProof {
  const split = text.indexOf('\n\n')
  const [header, indexLine, ...lines] = text.slice(0, Math.max(split, 0)).split('\n')
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(indexLine ?? '')?.[1]
  if (header !== HEADER || index === undefined || lines.length > 63)
    throw new CustodyError('Malformed', `a proof reads: ${HEADER}, index, hashes, empty line, checkpoint`)
  return { index: Number(index), hashes: lines.map(readHash), checkpoint: text.slice(split + 2) }
}

export interface Proven {
  readonly index: number
  readonly size: number
  /** Milliseconds since 1970 by the witness's clock; undefined where no witness is asked for. */
  readonly witnessedAt: number | undefined
}

/**
 * Whether the log holds the leaf, and the witness saw it.
 * @throws CustodyError `Unverified` with what is missing
 */
export function verifyProof(
  proof: LogProof,
  leaf: Uint8Array,
  log: Verifier,
  witness: Verifier | undefined,
): Proven {
  const { index, hashes, checkpoint } = proof
  const { size, root } = openCheckpoint(checkpoint, log)
  const at = witness && cosignatureTime(readNote(checkpoint), witness)
  if (witness && at === undefined)
    throw new CustodyError('Unverified', `the witness ${witness.name} has not cosigned the checkpoint`)
  if (!verifyInclusion(leafHash(leaf), index, size, root, hashes))
    throw new CustodyError('Unverified', `the entry is not number ${index} of the log`)
  return { index, size, witnessedAt: at === undefined ? undefined : at * 1000 }
}
