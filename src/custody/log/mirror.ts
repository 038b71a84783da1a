import { CustodyError } from '../errors.ts'
import { openCheckpoint } from './checkpoint.ts'
import { type LoggedEntry, readEntry } from './entry.ts'
import type { LogFiles } from './files.ts'
import type { Alongside, LogStore } from './store.ts'
import { growTiles, packEntries, type TileReader, TileTree, tilePath, tilesOf } from './tiles.ts'
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

/** Files as they would be: what is written over them stays in memory. */
export function overlaid(files: LogFiles): WritableFiles {
  const written = new Map<string, Uint8Array>()
  return {
    read: async path => written.get(path) ?? (await files.read(path)),
    async write(path, bytes) {
      written.set(path, bytes)
    },
  }
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
 * After a restore: takes from a mirror what the log in the store does not hold yet. The mirror's head is signed
 * by the log, so no key is needed, and nothing that was not logged can slip in.
 *
 * @param alongside what is kept with each entry that was missing
 * @throws CustodyError `Unverified` where the mirror did not grow out of what the store holds
 */
export async function extendFromMirror(
  store: LogStore,
  mirror: LogFiles,
  trust: Trust,
  alongside: (entry: LoggedEntry) => Alongside,
): Promise<{ readonly entries: number; readonly size: number }> {
  const head = await store.head()
  const size = head === undefined ? 0 : openCheckpoint(head, trust.log).size
  const report = await verifyLog(mirror, trust, head === undefined ? [] : [head])
  const missing = await leavesFrom(mirror, size, report.size)
  if (missing.length === 0) return { entries: 0, size }
  const stored: TileReader = async (level, index) => (await store.tile(level, index))!
  await store.append({
    size,
    leaves: missing,
    hidden: [],
    tiles: await growTiles(stored, size, missing.map(leafHash)),
    head: Buffer.from((await mirror.read('checkpoint'))!).toString('utf8'),
    journaled: false,
    alongside: missing.map(leaf => alongside(readEntry(leaf))),
  })
  return { entries: missing.length, size: report.size }
}

async function leavesFrom(mirror: LogFiles, from: number, to: number): Promise<Buffer[]> {
  const leaves: Buffer[] = []
  for (let index = Math.floor(from / 256); index * 256 < to; index++) {
    const bundle = await readBundle(mirror, index, Math.min(256, to - index * 256))
    leaves.push(...bundle.slice(Math.max(0, from - index * 256)))
  }
  return leaves
}
