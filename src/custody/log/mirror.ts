import { CustodyError } from '../errors.ts'
import { type LoggedEntry, readEntry } from './entry.ts'
import type { LogFiles } from './files.ts'
import type { Log } from './log.ts'
import { packEntries, TileTree, tilePath, tilesOf } from './tiles.ts'
import { leafHash } from './tree.ts'
import { openHead, readBundle, type Trust, verifyLog } from './verify.ts'

export interface WritableFiles extends LogFiles {
  write(path: string, bytes: Uint8Array): Promise<void>
}

/**
 * Brings a mirror up to the log's newest head. Only entries are fetched: the tiles are computed on top of
 * those the mirror has, so a head that did not grow out of what the mirror holds is never taken.
 *
 * @returns the size that the mirror now holds
 * @throws CustodyError `Forked` where the log is no longer the one that was mirrored; nothing is written then
 */
export async function pullMirror(from: LogFiles, to: WritableFiles, trust: Trust): Promise<number> {
  const { checkpoint } = await openHead(from, trust)
  const have = (await to.read('checkpoint')) ? (await openHead(to, trust)).checkpoint.size : 0
  if (checkpoint.size < have)
    throw new CustodyError('Forked', `the log has ${checkpoint.size} entries, its mirror ${have}`)
  const tree = new TileTree(have, async (level, index, width) => await mirroredTile(to, level, index, width))
  const bundles: { index: number; leaves: Buffer[] }[] = []
  for (const { level, index, width } of tilesOf(checkpoint.size)) {
    if (level > 0) break
    if (index * 256 + width <= have) continue
    const leaves = await readBundle(from, index, width)
    await tree.append(leaves.slice(Math.max(0, have - index * 256)).map(leaf => leafHash(leaf)))
    bundles.push({ index, leaves })
  }
  if (!(await tree.rootAt(checkpoint.size)).equals(checkpoint.root))
    throw new CustodyError(
      'Forked',
      'the log did not grow out of what was mirrored: keep both and call the trustee',
    )
  for (const { index, leaves } of bundles)
    await to.write(tilePath('entries', index, leaves.length), packEntries(leaves))
  for (const { level, index, width } of tilesOf(checkpoint.size))
    if (!(await to.read(tilePath(level, index, width))))
      await to.write(tilePath(level, index, width), await tree.tile(level, index, width))
  await to.write('checkpoint', (await from.read('checkpoint'))!)
  return checkpoint.size
}

/** @throws CustodyError `Unverified` where the mirror lacks the tile */
export async function mirroredTile(
  files: LogFiles,
  level: number,
  index: number,
  width: number,
): Promise<Uint8Array> {
  const tile = await files.read(tilePath(level, index, width))
  if (!tile)
    throw new CustodyError('Unverified', `the mirror lacks ${tilePath(level, index, width)}: begin a new one`)
  return tile
}

/**
 * After a restore: appends from a mirror what the backup did not hold yet, so that kills and revocations
 * made since are not forgotten.
 *
 * @param atLeast the size that the witness has seen
 * @returns the entries that the backup lacked, to be carried out anew
 * @throws CustodyError `Unverified` where the mirror did not grow out of the backup, `Restored` where it ends too early
 */
export async function replayMirror(
  log: Log,
  mirror: LogFiles,
  trust: Trust,
  atLeast: number,
): Promise<LoggedEntry[]> {
  const { size } = log.head
  const report = await verifyLog(mirror, trust, size === 0 ? [] : [log.head.note])
  if (report.size < atLeast)
    throw new CustodyError(
      'Restored',
      `the witness has seen ${atLeast} entries and the mirror holds ${report.size}: find a newer mirror, or accept the loss`,
      { witnessed: atLeast, mirrored: report.size },
    )
  const replayed: LoggedEntry[] = []
  for (let index = Math.floor(size / 256); index * 256 < report.size; index++) {
    const leaves = await readBundle(mirror, index, Math.min(256, report.size - index * 256))
    const missing = leaves.slice(Math.max(0, size - index * 256))
    await Promise.all(missing.map(leaf => log.appendLeaf(leaf)))
    replayed.push(...missing.map(readEntry))
  }
  return replayed
}
