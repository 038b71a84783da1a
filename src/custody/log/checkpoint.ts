import { sign, verify } from 'node:crypto'
import { CustodyError } from '../errors.ts'
import {
  isBy,
  type Note,
  readNote,
  type Signature,
  type Signer,
  signText,
  type Verifier,
  verifyText,
} from './note.ts'
import { EMPTY_ROOT, type Hash } from './tree.ts'

/** The head of a log at one size (c2sp.org/tlog-checkpoint), without extension lines. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Hash
}

export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${checkpoint.root.toString('base64')}\n`
}

/** @throws CustodyError `Malformed` */
export function readCheckpointText(text: string): Checkpoint {
  const [, origin, size, base64] = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? []
  const root = Buffer.from(base64 ?? '', 'base64')
  if (!origin || !Number.isSafeInteger(Number(size)) || root.toString('base64') !== base64)
    throw new CustodyError('Malformed', 'a checkpoint has three lines: origin, size, root hash in base64')
  return { origin, size: Number(size), root }
}

export function signCheckpoint(checkpoint: Checkpoint, log: Signer): Note {
  const text = checkpointText(checkpoint)
  return { text, signatures: [signText(text, log)] }
}

/**
 * Reads a checkpoint that the log signed. A signature under the log's name and id that does not verify
 * makes the whole note worthless; unknown signatures are passed over.
 * @throws CustodyError `Malformed`, `Unverified`
 */
export function openCheckpoint(
  note: Note | Uint8Array | string,
  log: Verifier,
): Checkpoint & { readonly note: Note } {
  const read = typeof note === 'string' || note instanceof Uint8Array ? readNote(note) : note
  const own = read.signatures.filter(signature => isBy(signature, log))
  if (own.length === 0 || !own.every(signature => verifyText(read.text, signature, log)))
    throw new CustodyError('Unverified', `the checkpoint is not signed by ${log.name}`)
  const checkpoint = readCheckpointText(read.text)
  if (checkpoint.origin !== log.name)
    throw new CustodyError('Unverified', `the checkpoint is of ${checkpoint.origin}, not of ${log.name}`)
  if (checkpoint.size === 0 && !checkpoint.root.equals(EMPTY_ROOT))
    throw new CustodyError('Unverified', 'an empty log has the root of an empty tree')
  return { ...checkpoint, note: read }
}

/**
 * A witness's word that at `time` this was the largest consistent head it had seen
 * (c2sp.org/tlog-cosignature, cosignature/v1, type 0x04).
 * @param time seconds since 1970
 */
export function cosign(text: string, witness: Signer, time: number): Signature {
  if (witness.type !== 0x04) throw new TypeError('a cosignature is made by a key of type 4')
  const bytes = Buffer.alloc(72)
  bytes.writeBigUInt64BE(BigInt(time))
  sign(null, cosigned(text, BigInt(time)), witness.privateKey).copy(bytes, 8)
  return { name: witness.name, id: witness.id, bytes }
}

/** @returns seconds since 1970 at which the witness saw it; undefined where it is not that witness's word */
export function cosignedAt(text: string, signature: Signature, witness: Verifier): number | undefined {
  if (witness.type !== 0x04 || !isBy(signature, witness) || signature.bytes.length !== 72) return undefined
  const time = signature.bytes.readBigUInt64BE(0)
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  return verify(null, cosigned(text, time), witness.key, signature.bytes.subarray(8))
    ? Number(time)
    : undefined
}

const cosigned = (text: string, time: bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
