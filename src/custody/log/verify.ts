import { CustodyError } from '../errors.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { type EntryType, type LoggedEntry, readEntry } from './entry.ts'
import type { LogFiles } from './files.ts'
import { readNote, type Verifier } from './note.ts'
import { TileTree, tilePath, tilesOf, unpackEntries } from './tiles.ts'
import { type Hash, leafHash } from './tree.ts'
import { cosignatureTime } from './witness-client.ts'

export interface Trust {
  readonly log: Verifier
  /** Its cosignature is demanded where it is given. */
  readonly witness?: Verifier
}

export interface LogReport {
  readonly origin: string
  readonly size: number
  readonly root: Hash
  /** Milliseconds since 1970 by the witness's clock. */
  readonly witnessedAt: number | undefined
  readonly types: Readonly<Partial<Record<EntryType, number>>>
}

/**
 * Verifies a log from its files alone: the head's signatures, every tile, every entry. Hears each entry
 * in turn, so that a reader can go on from what was proven.
 *
 * @param earlier heads that somebody kept; the log must have grown out of each
 * @throws CustodyError `Unverified` with the first thing that is wrong
 */
export async function verifyLog(
  files: LogFiles,
  trust: Trust,
  earlier: readonly (Uint8Array | string)[] = [],
  hear: (entry: LoggedEntry, index: number) => void = () => {},
): Promise<LogReport> {
  const { checkpoint, witnessedAt } = await openHead(files, trust)
  const kept = earlier.map(note => openCheckpoint(note, trust.log))
  if (kept.some(({ size }) => size > checkpoint.size))
    throw new CustodyError('Unverified', 'the log is shorter than a head that it signed earlier')
  const tree = new TileTree()
  const types: Partial<Record<EntryType, number>> = {}
  for (const { level, index, width } of tilesOf(checkpoint.size)) {
    if (level > 0) break
    const leaves = await readBundle(files, index, width)
    await tree.append(leaves.map(leaf => leafHash(leaf)))
    for (const [i, leaf] of leaves.entries()) {
      const entry = readEntry(leaf)
      types[entry.type] = (types[entry.type] ?? 0) + 1
      hear(entry, index * 256 + i)
    }
    for (const head of kept)
      if (
        head.size > index * 256 &&
        head.size <= index * 256 + width &&
        !(await tree.rootAt(head.size)).equals(head.root)
      )
        throw new CustodyError(
          'Unverified',
          `the first ${head.size} entries are not those of an earlier head`,
        )
  }
  if (!(await tree.rootAt(checkpoint.size)).equals(checkpoint.root))
    throw new CustodyError('Unverified', 'the entries are not those that the head was signed for')
  await compareTiles(files, tree, checkpoint.size)
  const { origin, size, root } = checkpoint
  return { origin, size, root, witnessedAt, types }
}

/** @throws CustodyError `Unverified` */
export async function openHead(
  files: LogFiles,
  trust: Trust,
): Promise<{ checkpoint: Checkpoint; witnessedAt: number | undefined }> {
  const note = await files.read('checkpoint')
  if (!note) throw new CustodyError('Unverified', 'there is no checkpoint in this folder')
  const checkpoint = openCheckpoint(note, trust.log)
  const at = trust.witness && cosignatureTime(readNote(note), trust.witness)
  if (trust.witness && at === undefined)
    throw new CustodyError('Unverified', `the witness ${trust.witness.name} has not cosigned the head`)
  return { checkpoint, witnessedAt: at === undefined ? undefined : at * 1000 }
}

/**
 * Reads the first `width` entries of a bundle. One that has grown since may stand for the narrower one.
 * @throws CustodyError `Unverified`
 */
export async function readBundle(files: LogFiles, index: number, width: number): Promise<Buffer[]> {
  const bundle =
    (await files.read(tilePath('entries', index, width))) ??
    (await files.read(tilePath('entries', index, 256)))
  const leaves = bundle ? unpack(bundle).slice(0, width) : []
  if (leaves.length < width)
    throw new CustodyError('Unverified', `entries are missing from number ${index * 256 + leaves.length} on`)
  return leaves
}

function unpack(bundle: Uint8Array): Buffer[] {
  try {
    return unpackEntries(bundle)
  } catch {
    throw new CustodyError('Unverified', 'a bundle of entries is cut short')
  }
}

async function compareTiles(files: LogFiles, tree: TileTree, size: number): Promise<void> {
  for (const { level, index, width } of tilesOf(size)) {
    const tile =
      (await files.read(tilePath(level, index, width))) ?? (await files.read(tilePath(level, index, 256)))
    if (!tile || Buffer.compare(tile.subarray(0, width * 32), await tree.tile(level, index, width)) !== 0)
      throw new CustodyError(
        'Unverified',
        `the tile ${tilePath(level, index, width)} is not that of the entries`,
      )
  }
}
